//! Every problem that the macro reports, one mistake a folder, and what the compiler shows for it.
//!
//! `TRYBUILD=overwrite cargo test -p migrate-macros --test ui` writes the expected messages anew.

#[test]
fn mistakes_are_compile_errors_with_place_line_and_help() {
    trybuild::TestCases::new().compile_fail("tests/ui/*/main.rs");
}
