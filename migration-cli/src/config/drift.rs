//! `[drift]`: whether schemas are recorded, and what is no drift.

use migrate_runtime::Settings;

use super::{Reader, Value};
use crate::error::CommandError;

/// The keys of the section.
pub(crate) const KEYS: [&str; 5] =
    ["record", "ignore", "ignore_grants", "ignore_comments", "ignore_partitions_of"];

/// `[drift]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DriftConfig {
    /// Whether each run records the schema that it leaves.
    pub(crate) record: Option<bool>,
    /// Patterns: objects with all that belongs to them.
    pub(crate) ignore: Option<Vec<String>>,
    /// Objects whose grants may be others.
    pub(crate) ignore_grants: Option<Vec<String>>,
    /// Objects whose comments may be others.
    pub(crate) ignore_comments: Option<Vec<String>>,
    /// Tables whose partitions come and go.
    pub(crate) ignore_partitions_of: Option<Vec<String>>,
}

impl DriftConfig {
    pub(super) fn read(file: &Reader<'_>, value: &Value<'_>) -> Result<DriftConfig, CommandError> {
        let mut drift = DriftConfig::default();
        for (key, value) in file.table(value, "drift")? {
            file.known(key, &KEYS, "[drift]")?;
            let key = key.get_ref().as_ref();
            let wrong =
                |kind: &str| file.error(value.span(), format!("drift.{key} must be {kind}"));
            if key == "record" {
                let flag = value.get_ref().as_bool();
                drift.record = Some(flag.ok_or_else(|| wrong("true or false"))?);
                continue;
            }
            let list = || wrong("a list of patterns, as in [\"audit.*\", \"tmp_*\"]");
            let array = value.get_ref().as_array().ok_or_else(list)?;
            let words = array.iter().map(|it| it.get_ref().as_str().map(str::to_owned));
            let words = words.collect::<Option<Vec<String>>>().ok_or_else(list)?;
            // It would be about nothing, and was meant to be about something.
            if words.iter().any(String::is_empty) {
                return Err(list());
            }
            match key {
                "ignore" => drift.ignore = Some(words),
                "ignore_grants" => drift.ignore_grants = Some(words),
                "ignore_comments" => drift.ignore_comments = Some(words),
                _ => drift.ignore_partitions_of = Some(words),
            }
        }
        Ok(drift)
    }

    /// Each list with its key.
    pub(crate) fn lists(&self) -> [(&'static str, Option<&Vec<String>>); 4] {
        let [_, ignore, grants, comments, partitions] = KEYS;
        [
            (ignore, self.ignore.as_ref()),
            (grants, self.ignore_grants.as_ref()),
            (comments, self.ignore_comments.as_ref()),
            (partitions, self.ignore_partitions_of.as_ref()),
        ]
    }

    pub(crate) fn apply(&self, settings: &mut Settings) {
        settings.record_schema = self.record.unwrap_or(settings.record_schema);
        let ignore = &mut settings.ignore;
        let lists = [
            &mut ignore.objects,
            &mut ignore.grants,
            &mut ignore.comments,
            &mut ignore.partitions_of,
        ];
        for (list, (_, configured)) in lists.into_iter().zip(self.lists()) {
            list.extend(configured.into_iter().flatten().cloned());
        }
    }
}
