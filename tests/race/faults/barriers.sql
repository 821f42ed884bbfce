CREATE FUNCTION before_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    SET CONSTRAINTS public.before_commit DEFERRED;
    PERFORM public.barrier(10 + pg_catalog.right(NEW.version, 1)::int);
    RETURN NEW;
END $$;
CREATE TRIGGER before_row BEFORE INSERT ON _migrations FOR EACH ROW EXECUTE FUNCTION before_row();
CREATE FUNCTION before_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF pg_catalog.current_setting('search_path') = 'pg_catalog'
            OR EXISTS (SELECT FROM public._migrations_progress WHERE version = NEW.version) THEN
        RAISE 'this is not the COMMIT';
    END IF;
    PERFORM public.barrier(20 + pg_catalog.right(NEW.version, 1)::int);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER before_commit AFTER INSERT ON _migrations_log
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION before_commit();
CREATE FUNCTION before_mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM public.barrier(NEW.statement + CASE NEW.cursor ->> 'alone' WHEN 'true' THEN 40 ELSE 30 END);
    RETURN NEW;
END $$;
CREATE TRIGGER before_mark BEFORE INSERT OR UPDATE ON _migrations_progress
    FOR EACH ROW EXECUTE FUNCTION before_mark()
