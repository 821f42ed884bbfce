//! What psql looks at beside the connection string. The library reads no environment: it is handed in.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::keyword::KEYWORDS;

/// What psql looks at beside the connection string.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Surroundings {
    /// The `PG*` variables that are set.
    pub variables: BTreeMap<String, String>,
    /// The home of the user, with `.pgpass`, `.pg_service.conf` and `.postgresql/`.
    pub home: Option<PathBuf>,
    /// The name of the user on the operating system, which is the default role.
    pub os_user: Option<String>,
    /// Where the connection string comes from, for messages.
    pub origin: Option<String>,
}

impl Surroundings {
    /// The names of the variables that count.
    pub fn variable_names() -> impl Iterator<Item = &'static str> {
        KEYWORDS.iter().filter_map(|it| it.variable)
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // PGPASSWORD is one of the variables.
        let names: Vec<&String> = self.variables.keys().collect();
        f.debug_struct("Surroundings")
            .field("variables", &names)
            .field("home", &self.home)
            .field("os_user", &self.os_user)
            .field("origin", &self.origin)
            .finish()
    }
}
