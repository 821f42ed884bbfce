//! Service files of libpq: `[NAME]`, and parameters below it.
//!
//! Source: <https://www.postgresql.org/docs/18/libpq-pgservice.html>. LDAP is not asked.

use std::path::PathBuf;

use super::keyword::find;

/// The parameters of a service, from the first of these files that has it.
pub(crate) fn read(service: &str, files: &[PathBuf]) -> Result<Vec<(String, String)>, String> {
    for path in files.iter().filter(|it| it.is_file()) {
        let shown = path.display();
        let text =
            std::fs::read_to_string(path).map_err(|it| format!("cannot read {shown}: {it}"))?;
        let found =
            parse(service, &text).map_err(|(line, what)| format!("{shown}:{line}: {what}"))?;
        if let Some(found) = found {
            return Ok(found);
        }
    }
    let looked: Vec<String> = files.iter().map(|it| it.display().to_string()).collect();
    let looked = if looked.is_empty() { "nowhere to look".to_owned() } else { looked.join(", ") };
    Err(format!("there is no service of this name ({looked})"))
}

type Found = Option<Vec<(String, String)>>;

fn parse(service: &str, text: &str) -> Result<Found, (usize, &'static str)> {
    let mut found: Found = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            if found.is_some() {
                break;
            }
            found = (name.strip_suffix(']') == Some(service)).then(Vec::new);
            continue;
        }
        let Some(found) = &mut found else { continue };
        let wrong = |what| Err((number + 1, what));
        // The line may hold a password, and is not repeated.
        let Some((key, value)) = line.split_once('=') else { return wrong("this is no KEY=VALUE") };
        let key = key.trim_end();
        if key.starts_with("service") || find(key).is_none() {
            return wrong("this is no parameter that a service may have");
        }
        found.push((key.to_owned(), value.trim_start().to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_found_by_its_name() {
        let text = "# all\n[other]\nhost=x\nodd\n[mine]\nhost = h\nport=1\n\n[mine]\nport=2\n";
        let pairs = [("host", "h"), ("port", "1")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        assert_eq!(parse("mine", text), Ok(Some(pairs.to_vec())));
        assert_eq!(parse("none", text), Ok(None));
        assert_eq!(parse("other", text), Err((4, "this is no KEY=VALUE")));
        assert!(parse("mine", "[mine]\nservice=x\n").is_err(), "no service in a service");
        assert!(parse("mine", "[mine]\ncanary=x\n").is_err());
    }
}
