//! What was proven before: a file of keys, each made of all that the proof depends on.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use migrate_core::{Checksum, MigrationSet};
use serde::{Deserialize, Serialize};

/// Goes up whenever what is proven changes: then everything is proven again.
const FORMAT: u32 = 2;

/// So many are kept; beyond, everything that was not asked for is forgotten.
const KEPT: usize = 20_000;

/// The keys of a set on a server.
pub(super) struct Keys {
    /// One for each migration: of the up scripts as far as its own, and its down script.
    pub(super) migrations: Vec<String>,
    /// Of all scripts, for reverting all and running all.
    pub(super) round: String,
}

impl Keys {
    pub(super) fn of(set: &MigrationSet, major: &str, schema: &str, setup: &str) -> Keys {
        let setup = Checksum::of(setup);
        let mut chain = Checksum::of(&format!("{FORMAT}\n{major}\n{schema}\n{setup}"));
        let mut all = chain;
        let mut migrations = Vec::with_capacity(set.len());
        for migration in set {
            chain = Checksum::of(&format!("{chain}\n{}", migration.up.checksum));
            let key = Checksum::of(&format!("{chain}\n{}", migration.down.checksum));
            all = Checksum::of(&format!("{all}\n{key}"));
            migrations.push(key.to_string());
        }
        Keys { migrations, round: all.to_string() }
    }
}

/// The keys of what was proven, and where they are kept.
pub(super) struct Cache {
    file: Option<PathBuf>,
    proven: BTreeSet<String>,
    asked: BTreeSet<String>,
}

#[derive(Deserialize, Serialize)]
struct Kept {
    format: u32,
    proven: BTreeSet<String>,
}

impl Cache {
    /// Nothing is known where there is no such file, or one that is not understood.
    pub(super) fn read(folder: Option<PathBuf>) -> Cache {
        let file = folder.map(|it| it.join("proven.json"));
        let text = file.as_ref().and_then(|it| fs::read_to_string(it).ok());
        let kept = text.and_then(|it| serde_json::from_str::<Kept>(&it).ok());
        let proven =
            kept.filter(|it| it.format == FORMAT).map_or_else(BTreeSet::new, |it| it.proven);
        Cache { file, proven, asked: BTreeSet::new() }
    }

    pub(super) fn has(&mut self, key: &str) -> bool {
        let is_known = self.proven.contains(key);
        if is_known {
            self.asked.insert(key.to_owned());
        }
        is_known
    }

    pub(super) fn has_all(&mut self, keys: &Keys) -> bool {
        self.has(&keys.round) && keys.migrations.iter().all(|it| self.has(it))
    }

    pub(super) fn add(&mut self, key: &str) {
        self.proven.insert(key.to_owned());
        self.asked.insert(key.to_owned());
    }

    /// Keeps it for the next time. It only saves time: what goes wrong is no error.
    pub(super) fn write(self) {
        let Some(file) = &self.file else { return };
        let proven = if self.proven.len() > KEPT { self.asked } else { self.proven };
        let written = write(file, &Kept { format: FORMAT, proven });
        if let Err(error) = written {
            log::warn!("what was proven cannot be kept in {}: {error}", file.display());
        }
    }
}

fn write(file: &Path, kept: &Kept) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // Whoever reads it meanwhile reads a whole one.
    let new = folder.join(format!("proven-{}.json", uuid::Uuid::new_v4()));
    let written = fs::write(&new, serde_json::to_vec(kept)?).and_then(|()| fs::rename(&new, file));
    if written.is_err() {
        let _ = fs::remove_file(&new);
    }
    written
}
