//! What differs from run to run, replaced by its name in brackets.

use std::path::Path;

use regex_lite::Regex;

/// Replaces what differs from run to run and from machine to machine.
pub(crate) fn neutral(text: &str, folder: &Path) -> String {
    const RULES: [(&str, &str); 26] = [
        (r"(?m)^! \[?\d{4}-\d\d-\d\dT\S+ +(DEBUG|INFO).*\n", ""),
        (r#""text": "(.{60}).*""#, r#""text": "$1…""#),
        (r"postgres(ql)?://\S*[^\s,\x22]", "[URL]"),
        (r"/(var/)?tmp/[^\s,\x22]*", "[FOLDER]"),
        (r"migration_test_[0-9a-f]+", "[DATABASE]"),
        (r"_restore_[0-9a-f]{8,14}", "_restore_[NUMBER]"),
        (r" on \[FOLDER\] as migration", " on [FOLDER] as [ROLE]"),
        (r"\d{8}T\d{6}Z-([a-z]+)-[0-9a-f]{4}", "[TIME]-$1-[RANDOM]"),
        (r#"("size_bytes": )\d+(,\n *"checksum": ")[0-9a-f]{64}"#, "${1}[BYTES]${2}[CHECKSUM]"),
        // Whether somebody has counted yet is the server's own affair.
        (
            r#""size_bytes": \d+,(\s*)"rows": (null|\d+)"#,
            r#""size_bytes": [BYTES],$1"rows": [ROWS]"#,
        ),
        (r"\b[0-9.]+ (B|kB|MB|GB)\b", "[SIZE]"),
        // The session before this one may not have ended yet.
        (r"\b\d+ of 100 are free", "[COUNT] of 100 are free"),
        // How many rows a batch has depends on how long the one before it took.
        (r"(statement \d+), \d+ of about \d+ rows \(\d+ %\).*", "$1, [ROWS]"),
        (r"rows never counted|about [0-9]+ rows?", "[ROWS]"),
        (
            r"pg_dump [0-9.]+ and pg_restore [0-9.]+ in [^ ,]+, for a server of version \d+",
            "pg_dump [SERVER] and pg_restore [SERVER] in [FOLDER], for a server of version [SERVER]",
        ),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[WHEN]"),
        (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "[WHEN]"),
        (r"\b20(2[5-9]|[3-9]\d)\d{10}", "[VERSION]"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[RUN]"),
        (r" *\b[0-9.]+ (ms|s)\b", " [TIME]"),
        (r#""(execution_time_ms|duration_ms|up_ms|down_ms)": \d+"#, r#""$1": [TIME]"#),
        // A build from an archive knows no revision.
        (r#""revision": (null|"[0-9a-f]{40}")"#, r#""revision": [REVISION]"#),
        (r"(?m)^    revision     [0-9a-f]{40}\n", ""),
        (r"(?m)(migration-cli [0-9.]+) +([0-9a-f]{8} +)?[0-9a-f]{8}$", "$1  [REVISION]  [RUN]"),
        (r#""os_user": "[^"]+",\n *"host": "[^"]+""#, r#""os_user": [USER], "host": [HOST]"#),
        (r"[^\s()@]+@[^\s()@]+( *$|\)| +)", "[USER]@[HOST]$1"),
    ];
    let mut text = text.replace(&*folder.to_string_lossy(), "[PROJECT]");
    for (pattern, name) in RULES {
        text = Regex::new(pattern).unwrap().replace_all(&text, name).into_owned();
    }
    let server = Regex::new(r#"(PostgreSQL|"server_version": ")( ?)\d+(\.\d+)?"#).unwrap();
    let text = server.replace_all(&text, "${1}${2}[SERVER]").into_owned();
    // Columns are as wide as what stood in them.
    let text = Regex::new(r"ROLE +FROM +ENVIRONMENT +WITH +REVISION +RUN")
        .unwrap()
        .replace_all(&text, "ROLE  FROM  ENVIRONMENT  WITH  REVISION  RUN")
        .into_owned();
    Regex::new(r"(COMMAND|OUTCOME|TOOK|BY|DATABASE|APPLIED AT \(UTC\)) +")
        .unwrap()
        .replace_all(&text, "$1  ")
        .into_owned()
}
