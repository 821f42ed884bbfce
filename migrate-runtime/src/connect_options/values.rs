//! The parameters of a connection, each from the first place that has it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use migrate_core::nearest;

use super::keyword::{Fate, KEYWORDS, find};
use super::parse::{Parameter, parse};
use super::{Surroundings, service};
use crate::error::{Error, ErrorKind};

/// The parameters of a connection.
pub(super) struct Values<'a> {
    around: &'a Surroundings,
    found: BTreeMap<&'static str, Value>,
}

struct Value {
    text: String,
    origin: String,
}

impl<'a> Values<'a> {
    /// The connection string, then the service, then the variables.
    pub(super) fn gather(text: &str, around: &'a Surroundings) -> Result<Values<'a>, Error> {
        let mut values = Values { around, found: BTreeMap::new() };
        let origin = around.origin.clone().unwrap_or_else(|| "the connection string".to_owned());
        let parameters = parse(text).map_err(|_| not_valid(&origin))?;
        for parameter in &parameters {
            let known = find(&parameter.key).ok_or_else(|| unknown(parameter, &origin))?;
            values.found.remove(known.name);
            if parameter.value.is_empty() {
                // What is said to be empty is not to be found elsewhere.
                let (text, origin) = (String::new(), origin.clone());
                values.found.insert(known.name, Value { text, origin });
            }
            values.add(known.name, &parameter.value, &origin)?;
        }
        values.add_service()?;
        for keyword in &KEYWORDS {
            let Some(variable) = keyword.variable else { continue };
            if let Some(text) = around.variables.get(variable) {
                values.add(keyword.name, text, variable)?;
            }
        }
        Ok(values)
    }

    /// The value of a parameter; an empty one counts as not given.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.found.get(key).map(|it| it.text.as_str()).filter(|it| !it.is_empty())
    }

    /// Where the value of a parameter comes from.
    pub(super) fn origin(&self, key: &str) -> Option<&str> {
        self.found.get(key).map(|it| it.origin.as_str())
    }

    /// A value of a few; the first of them where nothing is given.
    pub(super) fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Result<T, Error> {
        let Some(text) = self.get(key) else { return Ok(choices[0].1) };
        let found = choices.iter().find(|it| it.0 == text);
        found.map(|it| it.1).ok_or_else(|| {
            let words: Vec<&str> = choices.iter().map(|it| it.0).collect();
            self.wrong(key).with_hint(format!("write {key}={}", words.join(&format!(" or {key}="))))
        })
    }

    /// A whole number.
    pub(super) fn number(&self, key: &str) -> Result<Option<i64>, Error> {
        let parse = |it: &str| it.trim().parse().map_err(|_| self.wrong(key));
        self.get(key).map(parse).transpose()
    }

    /// A file of the user's, as it was named; `~` is the business of shells.
    pub(super) fn path(&self, key: &str) -> Option<PathBuf> {
        self.get(key).map(PathBuf::from)
    }

    /// A file in the user's home, if it is there.
    pub(super) fn in_home(&self, name: &str) -> Option<PathBuf> {
        let path = self.around.home.as_ref()?.join(name);
        path.is_file().then_some(path)
    }

    pub(super) fn os_user(&self) -> Option<&str> {
        self.around.os_user.as_deref()
    }

    /// The value makes no sense; it is not repeated, since it may be the end of a password.
    pub(super) fn wrong(&self, key: &str) -> Error {
        let origin = self.origin(key).unwrap_or_default();
        error(format!("the value of `{key}` is not known ({origin})"))
    }

    pub(super) fn refusal(&self, key: &str, what: &str) -> Error {
        let origin = self.origin(key).unwrap_or_default();
        error(format!("{what} ({origin})"))
    }

    /// What is there already comes first.
    fn add(&mut self, key: &'static str, text: &str, origin: &str) -> Result<(), Error> {
        if text.is_empty() || self.found.contains_key(key) {
            return Ok(());
        }
        let fate = KEYWORDS.iter().find(|it| it.name == key).map(|it| it.fate);
        if let Some(Fate::Refused(harmless)) = fate
            && !harmless.contains(&text)
        {
            return Err(error(format!(
                "`{key}` is not something this version can keep ({origin})"
            ))
            .with_hint(format!("leave `{key}` out")));
        }
        self.found.insert(key, Value { text: text.to_owned(), origin: origin.to_owned() });
        Ok(())
    }

    fn add_service(&mut self) -> Result<(), Error> {
        let variable = |name: &str| self.around.variables.get(name).filter(|it| !it.is_empty());
        let Some(name) = self.get("service").or(variable("PGSERVICE").map(String::as_str)) else {
            return Ok(());
        };
        let mut files: Vec<PathBuf> = Vec::new();
        match self.get("servicefile").or(variable("PGSERVICEFILE").map(String::as_str)) {
            Some(file) => files.push(file.into()),
            None => files.extend(self.around.home.iter().map(|it| it.join(".pg_service.conf"))),
        }
        files.extend(variable("PGSYSCONFDIR").map(|it| PathBuf::from(it).join("pg_service.conf")));
        let found = service::read(name, &files).map_err(|reason| {
            error("the service cannot be used").with_source(std::io::Error::other(reason))
        })?;
        for (key, value) in found {
            if let Some(known) = find(&key) {
                self.add(known.name, &value, "the service file")?;
            }
        }
        Ok(())
    }
}

pub(super) fn error(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Config, message)
}

fn not_valid(origin: &str) -> Error {
    error(format!("the database URL is not valid ({origin})"))
        .with_hint("write it as postgres://USER:PASSWORD@HOST:5432/DATABASE")
        .with_hint("in a password, write @ as %40, : as %3A, / as %2F, # as %23, ? as %3F")
}

fn unknown(parameter: &Parameter, origin: &str) -> Error {
    let Parameter { key, doubtful, .. } = parameter;
    let is_word = !key.is_empty() && key.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_');
    let named = !doubtful && is_word;
    let which = if named { format!("parameter `{key}`") } else { "a parameter".to_owned() };
    let made = error(format!("{which} of the database URL is not known ({origin})"));
    match nearest(key, KEYWORDS.iter().map(|it| it.name)).filter(|_| named) {
        Some(near) => made.with_hint(format!("did you mean `{near}`?")),
        None if named => made.with_hint(format!("leave `{key}` out")),
        None => made.with_hint(
            "leave it out, or if it belongs to the password, write & as %26, = as %3D, ? as %3F",
        ),
    }
}
