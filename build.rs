//! Lets cargo notice a migration that is added: the tests embed `migrations/`.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
