UPDATE {schema}._migrations SET checksum = {checksum} WHERE version = {version}
