-- The schema of a PostgreSQL database, for an empty one: psql -v ON_ERROR_STOP=1 --single-transaction -f FILE
-- Not in it: rows, where sequences stand, roles, tablespaces, settings, and passwords for other servers.

SET client_encoding = 'UTF8';

SET standard_conforming_strings = on;

SET datestyle = 'ISO, YMD';

SET intervalstyle = 'postgres';

SET lc_monetary = 'C';

SET xmloption = content;

SET client_min_messages = warning;

SET check_function_bodies = off;

SET default_table_access_method = heap;

SET default_tablespace = '';

SET search_path = '';
