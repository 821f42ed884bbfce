//! What was changed by hand, as people and programs see it.

use migration_tests::TestDatabase;

use crate::project::Project;
use crate::transcript::Transcript;

#[test]
fn what_has_drifted_is_told_and_accepted() {
    let database = TestDatabase::new();
    let project = Project::on(&database);
    project.expect("up --steps 2", 0);
    database.execute(
        "ALTER TABLE parties ALTER kind SET DEFAULT 'person', DROP CONSTRAINT parties_legal_name_check;
         COMMENT ON TABLE parties IS NULL; CREATE TABLE tmp_parties (id int)",
    );
    let mut transcript = Transcript::of(&project);
    transcript.both("status", 0).both("verify", 5).run("up --steps 1", 0).run("status", 0);
    transcript.run("repair --accept-schema --dry-run", 0);
    transcript.run("repair --accept-schema --env production", 7);
    project.write("migration.toml", "[drift]\nignore = ['tmp_*']\nignore_comments = ['*']\n");
    transcript.run("verify", 5).both("repair --accept-schema", 0).run("verify", 0);
    project.write("migration.toml", "[drift]\nignored = ['tmp_*']\n");
    transcript.run("verify", 2);
    project.write("migration.toml", "");
    // What is ignored is no drift: it was accepted with the rest, without a word.
    transcript.run("status", 0);
    database.execute("UPDATE _migrations SET applied_at = now()");
    transcript.both("status", 0).run("verify", 0).expect("drift");
}
