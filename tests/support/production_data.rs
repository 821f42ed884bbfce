//! The data set in `tests/production-data/`: loads it, and takes fingerprints of its tables.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use migrate_runtime::{Limit, MigrationSet, Migrator, Up, Version};
use postgres::{Client, Config, NoTls};

/// The migration after which the set is loaded. Those that come later find data in every table.
const LOADED_AFTER: &str = "20240522090000";

/// COPY writes identity columns without telling their sequences.
const RESTART_SEQUENCES: &str = "DO $$
    DECLARE it record;
    BEGIN
        FOR it IN SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = 'public' AND is_identity = 'YES'
        LOOP
            EXECUTE format('SELECT setval(pg_get_serial_sequence(%L, %L), max(%I)) FROM %I',
                it.table_name, it.column_name, it.column_name, it.table_name);
        END LOOP;
    END $$";

/// One file for each table.
#[derive(Debug)]
pub struct ProductionData {
    tables: Vec<Table>,
}

#[derive(Debug)]
struct Table {
    name: String,
    /// The columns there were when the data was taken, as the first line names them.
    columns: Vec<String>,
    csv: Vec<u8>,
}

/// The last values that the sequences of a table gave, for identity columns and `serial` alike.
const SEQUENCES: &str = "SELECT coalesce(string_agg(
        attname || ' after ' || coalesce(pg_sequence_last_value(seq.oid)::text, 'none'), ', ' ORDER BY attname), 'no sequence')
    FROM pg_depend
    JOIN pg_class AS seq ON seq.oid = objid AND relkind = 'S'
    JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
    WHERE refobjid = $1::text::regclass AND deptype IN ('a', 'i')";

/// A line for each table: its name, how many rows it has, a checksum over the ordered rows, and where
/// its sequences are.
pub type Fingerprints = Vec<String>;

/// The version after which the set is loaded.
pub fn loaded_after() -> Version {
    LOADED_AFTER.parse().unwrap()
}

impl ProductionData {
    /// Reads the files. Their names give the order: referred-to tables come first.
    pub fn read() -> ProductionData {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/production-data");
        let paths = fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path());
        let mut paths: Vec<_> =
            paths.filter(|it| it.extension().is_some_and(|it| it == "csv")).collect();
        paths.sort();
        assert!(!paths.is_empty(), "no data in {}", folder.display());
        let tables = paths.iter().map(|path| {
            let csv = fs::read(path).unwrap();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            let (_, name) = stem.split_once('_').unwrap();
            let header = csv.split(|it| *it == b'\n').next().unwrap();
            let columns = str::from_utf8(header).unwrap().split(',').map(str::to_owned);
            Table { name: name.to_owned(), columns: columns.collect(), csv }
        });
        ProductionData { tables: tables.collect() }
    }

    /// Runs the migrations that the data is for, and loads it.
    pub fn prepare(&self, set: &MigrationSet, config: &Config) {
        let mut up = Up::default();
        up.limit = Limit::To(loaded_after());
        Migrator::new(set, config.clone()).run_up(&up).unwrap();
        let mut client = config.connect(NoTls).unwrap();
        for Table { name, columns, csv } in &self.tables {
            let columns = columns.join(", ");
            let copy = format!("COPY {name} ({columns}) FROM STDIN WITH (FORMAT csv, HEADER)");
            let mut writer = client.copy_in(&copy).unwrap();
            writer.write_all(csv).unwrap();
            let rows = writer.finish().unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert!(rows > 0, "{name} has no rows");
        }
        client.batch_execute(RESTART_SEQUENCES).unwrap();
    }

    /// What is in the tables now, in the columns there were when the data was taken, `except` for
    /// some: each a table and a column.
    pub fn fingerprints(&self, client: &mut Client, except: &[(&str, &str)]) -> Fingerprints {
        let mut fingerprint = |Table { name, columns, .. }: &Table| {
            let is_kept = |column: &&String| !except.contains(&(name.as_str(), column.as_str()));
            let columns: Vec<_> = columns.iter().filter(is_kept).map(String::as_str).collect();
            let sql = format!(
                "SELECT count(*), coalesce(md5(string_agg(it, E'\\n' ORDER BY it COLLATE \"C\")), '')
                 FROM (SELECT ROW({})::text AS it FROM {name}) AS lines",
                columns.join(", ")
            );
            let row = client.query_one(&sql, &[]).unwrap();
            let (rows, checksum): (i64, String) = (row.get(0), row.get(1));
            let sequences: String = client.query_one(SEQUENCES, &[name]).unwrap().get(0);
            format!("{name}: {rows} rows, {checksum}, {sequences}")
        };
        self.tables.iter().map(&mut fingerprint).collect()
    }

    /// The names of the tables.
    pub fn tables(&self) -> Vec<&str> {
        self.tables.iter().map(|it| it.name.as_str()).collect()
    }

    /// Every e-mail address in the files, for a look at whom they belong to.
    pub fn addresses(&self) -> Vec<&str> {
        let words = self.tables.iter().flat_map(|it| {
            let text = str::from_utf8(&it.csv).unwrap();
            text.split([',', '"', '\n', ' '])
        });
        words.filter(|it| it.contains('@')).collect()
    }

    /// The bytes of all files together.
    pub fn size(&self) -> usize {
        self.tables.iter().map(|it| it.csv.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_set_is_small_and_nobody_s() {
        let data = ProductionData::read();
        assert!(data.size() < 1_000_000, "{} bytes", data.size());
        let addresses = data.addresses();
        assert!(addresses.len() > 1000, "the search lost its way");
        let reserved = |it: &&&str| {
            let domain = it.rsplit('@').next().unwrap().to_lowercase();
            ["example.org", "example.com"].iter().any(|it| domain == *it)
                || domain.ends_with(".example.com")
        };
        let others: Vec<_> = addresses.iter().filter(|it| !reserved(it)).collect();
        assert!(others.is_empty(), "{others:?}");
    }
}
