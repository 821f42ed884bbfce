//! `logs`: what it shows beyond its transcript.

use migration_tests::TestDatabase;

use crate::project::Project;

#[test]
fn what_others_wrote_into_the_log_does_not_steer_the_terminal() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2", 0);
    let hostile = "E'\\x1b]0;owned\\x07\\r\\x1b[2J\\u202e' || repeat('x', 100000) || E'\\nOK'";
    database.execute(&format!(
        "ALTER TABLE _migrations_log DISABLE TRIGGER append_only;
         UPDATE _migrations_log SET command = {hostile}, outcome = {hostile}, message = {hostile},
             sqlstate = {hostile}, db_role = {hostile}, os_user = {hostile}, host = {hostile},
             environment = {hostile}, application = {hostile}, revision = {hostile},
             version = E'\\x1b[2J1', direction = {hostile},
             detail = jsonb_build_object('text', {hostile}) WHERE id = 1"
    ));
    for args in ["logs", "logs --verbose", "logs --limit 2 --color never", "info 20240327091500"] {
        let shown = project.expect(args, 0).stdout;
        let steers = |it: char| (it.is_control() && it != '\n') || it == '\u{202e}';
        assert!(!shown.contains(steers), "{args}: {:?}", &shown[..400]);
        assert!(shown.contains("20240327091500"), "{args}: the row of its own is shown too");
    }
    // A row stays a row, and what was said about it one line below it.
    let lines = project.expect("logs", 0).stdout;
    let widths: Vec<usize> = lines.lines().map(|it| it.chars().count()).collect();
    assert_eq!(widths.len(), 4, "{widths:?}");
    assert!(widths[1] < 500, "{widths:?}");
}
