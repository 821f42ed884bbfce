//! Lets cargo notice a migration that is added: the tests embed `migrations/`. And tells them where there is a
//! Chromium, without which the tests that need one are listed as ignored.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rustc-check-cfg=cfg(has_chromium)");
    // Another PATH is no reason to build again: whoever installs one touches this file.
    let path = env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let mut all = env::split_paths(&path).flat_map(|it| names.map(|name| it.join(name)));
    if let Some(found) = all.find(|it| it.is_file()) {
        println!("cargo::rustc-cfg=has_chromium");
        println!("cargo::rustc-env=CHROMIUM={}", found.display());
    }
}
