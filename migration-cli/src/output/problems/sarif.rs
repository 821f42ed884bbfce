//! SARIF 2.1.0, the format of the OASIS for what analyses find.

use std::fmt::Write as _;

use migrate_runtime::Severity;
use serde::Serialize;

use super::{Findings, Problem, Rule};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What paths are told from.
const ROOT: &str = "%SRCROOT%";

#[derive(Serialize)]
struct Log<'p> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'p>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'p> {
    tool: Tool<'p>,
    column_kind: &'static str,
    results: Vec<Found<'p>>,
}

#[derive(Serialize)]
struct Tool<'p> {
    driver: Driver<'p>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver<'p> {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Descriptor<'p>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor<'p> {
    id: &'p str,
    short_description: Text<'p>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'p> {
    rule_id: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message,
    locations: Vec<Location>,
}

#[derive(Serialize)]
struct Text<'p> {
    text: &'p str,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<u32>,
}

/// One run, with all rules.
pub(crate) fn sarif(problems: &Findings) -> String {
    let rules = problems.rules.iter();
    let descriptor =
        |it: &'_ Rule| Descriptor { id: it.id, short_description: Text { text: it.summary } };
    let driver = Driver {
        name: env!("CARGO_PKG_NAME"),
        semantic_version: env!("CARGO_PKG_VERSION"),
        rules: rules.map(descriptor).collect(),
    };
    let results = problems.problems.iter().map(|it| found(it, &problems.rules)).collect();
    let run = Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    // Only maps with keys that are no texts fail, and there is none.
    serde_json::to_string_pretty(&log).unwrap_or_default() + "\n"
}

fn found<'p>(problem: &'p Problem, rules: &[Rule]) -> Found<'p> {
    let location = |file: &String| Location {
        physical_location: PhysicalLocation {
            artifact_location: ArtifactLocation { uri: uri(file), uri_base_id: ROOT },
            region: Region { start_line: problem.line, start_column: problem.column },
        },
    };
    Found {
        rule_id: problem.rule,
        rule_index: rules.iter().position(|it| it.id == problem.rule),
        level: match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            _ => "note",
        },
        message: Message { text: problem.text() },
        locations: problem.file.iter().map(location).collect(),
    }
}

/// A relative path as a reference: what a URI does not allow is encoded.
fn uri(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(byte.into());
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::output::problems::example;

    #[test]
    fn every_result_has_its_rule_and_its_place() {
        expect![[r#"
            {
              "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
              "version": "2.1.0",
              "runs": [
                {
                  "tool": {
                    "driver": {
                      "name": "migration-cli",
                      "semanticVersion": "0.1.0",
                      "rules": [
                        {
                          "id": "down_differs",
                          "shortDescription": {
                            "text": "A down script restores what was there."
                          }
                        },
                        {
                          "id": "slight",
                          "shortDescription": {
                            "text": "What is as good as equal."
                          }
                        }
                      ]
                    }
                  },
                  "columnKind": "unicodeCodePoints",
                  "results": [
                    {
                      "ruleId": "down_differs",
                      "ruleIndex": 0,
                      "level": "error",
                      "message": {
                        "text": "its down script does not restore 100 % of <it>, \"really\"\ntable one: is new\n    + CREATE TABLE one (a, b)\nHint: DROP TABLE one;"
                      },
                      "locations": [
                        {
                          "physicalLocation": {
                            "artifactLocation": {
                              "uri": "db/my%20migrations/20260101000001_one.down.sql",
                              "uriBaseId": "%SRCROOT%"
                            },
                            "region": {
                              "startLine": 3,
                              "startColumn": 7
                            }
                          }
                        }
                      ]
                    },
                    {
                      "ruleId": "slight",
                      "ruleIndex": 1,
                      "level": "note",
                      "message": {
                        "text": "the order & so on \u001b[31m"
                      },
                      "locations": []
                    }
                  ]
                }
              ]
            }
        "#]].assert_eq(&sarif(&example()));
    }
}
