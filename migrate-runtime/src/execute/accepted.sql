UPDATE {schema}._migrations SET name = {name}, checksum = {checksum} WHERE version = {version}
