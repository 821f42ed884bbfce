//! From the arguments to the expansion: finds the folder, has it read and checked.

use std::path::{Component, Path, PathBuf};
use std::{env, fs, io};

use migrate_core::snippet::{Colors, Snippet, render};
use migrate_core::{Problem, read_folder};
use proc_macro2::TokenStream;

use crate::args::{Args, Base, default_runtime};
use crate::build_script::{self, Watch};
use crate::codegen::{Embedded, failure, set};
use crate::lint::lint;
use crate::revision::Revision;

/// Expands a call.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let args: Args = match syn::parse2(input) {
        Ok(args) => args,
        Err(error) => return failure(&default_runtime(), error.span(), &[error.to_string()]),
    };
    embed(&args).unwrap_or_else(|messages| failure(&args.runtime, args.path.span(), &messages))
}

fn embed(args: &Args) -> Result<TokenStream, Vec<String>> {
    let folder = find(args).map_err(|message| vec![message])?;
    let name = folder_name(&folder);
    let read = read_folder(&folder, &name);
    let set_read = read.map_err(|problems| problems.iter().map(describe).collect::<Vec<_>>())?;
    let text = |path: &Path| match path.to_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(vec![format!("the path is not UTF-8: {}", path.display())]),
    };
    let source = text(&folder)?;
    let watch = manifest_folder().map_or(Watch::Perhaps, |it| build_script::watch(&it, &folder));
    let warning = warning(args, &folder, watch);
    let revision = revision(&folder)?;
    let linted = lint(&set_read, &folder, &name)?;
    if !linted.errors.is_empty() {
        return Err(linted.errors);
    }
    Ok(set(args, &Embedded { name, source, watch, warning, revision, linted, set: set_read }))
}

/// The revision that the builder names, else that of the repository.
fn revision(folder: &Path) -> Result<Revision, Vec<String>> {
    let named = env::var_os("MIGRATION_REVISION").unwrap_or_default();
    let named = Revision::given(&named.to_string_lossy()).map_err(|it| vec![it])?;
    Ok(named.unwrap_or_else(|| Revision::of(folder)))
}

/// Finds the folder that is meant.
fn find(args: &Args) -> Result<PathBuf, String> {
    let path = PathBuf::from(args.path.value());
    let base = match args.base {
        _ if path.is_absolute() => PathBuf::new(),
        Base::Manifest => manifest_folder().ok_or(
            "CARGO_MANIFEST_DIR is not set: give an absolute path, or add `relative_to = file`",
        )?,
        Base::File => calling_folder(args)
            .ok_or("the calling file is not known here: leave out `relative_to = file`")?,
    };
    // Without the `.` in it: paths end up in messages.
    let folder: PathBuf = base.join(path).components().collect();
    match fs::metadata(&folder) {
        Ok(it) if it.is_dir() => Ok(folder),
        Ok(_) => Err(format!(
            "`{}` is not a folder\nhelp: name the folder in which the scripts lie",
            args.path.value()
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing(args, &folder)),
        Err(error) => Err(format!("`{}` cannot be read: {error}", args.path.value())),
    }
}

fn missing(args: &Args, folder: &Path) -> String {
    let base = match args.base {
        Base::Manifest => "the folder of the crate's Cargo.toml",
        Base::File => "the file that calls the macro",
    };
    format!(
        "there is no folder `{}`\n\
         note: a relative path is relative to {base}\n\
         help: make it with `mkdir {}`; a folder without migrations is an empty set",
        args.path.value(),
        folder.display(),
    )
}

fn manifest_folder() -> Option<PathBuf> {
    env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from)
}

fn calling_folder(args: &Args) -> Option<PathBuf> {
    let file = args.path.span().unwrap().local_file()?;
    // The compiler names files as it was given them: relative to where it runs.
    let file = std::path::absolute(file).ok()?;
    Some(file.parent()?.to_owned())
}

/// What stands before the names of files in messages.
fn folder_name(folder: &Path) -> String {
    let real = match folder.components().next_back() {
        Some(Component::Normal(_)) => folder.to_owned(),
        _ => fs::canonicalize(folder).unwrap_or_default(),
    };
    real.file_name().map_or("migrations".into(), |it| it.to_string_lossy()).into_owned()
}

/// `migrations/FILE:LINE:COLUMN: what`, and below it the line with a caret and the help.
fn describe(problem: &Problem) -> String {
    format!("{problem}\n{}", render(&Snippet::of(problem), Colors::Plain))
}

/// What to say where added migrations would go unnoticed.
fn warning(args: &Args, folder: &Path, watch: Watch) -> Option<String> {
    let manifest = manifest_folder()?;
    let path = match args.base {
        Base::Manifest => args.path.value(),
        Base::File => folder.strip_prefix(&manifest).unwrap_or(folder).display().to_string(),
    };
    let line = format!("println!({:?});", format!("cargo::rerun-if-changed={path}"));
    let way_out = match watch {
        Watch::Watched | Watch::Perhaps => return None,
        Watch::NoBuildScript => {
            format!("without a build script. Make `build.rs`:\n\nfn main() {{\n    {line}\n}}")
        }
        Watch::NotMentioned => {
            format!("by a build script that does not watch the folder. Add to it:\n\n{line}")
        }
    };
    Some(format!("added migrations go unnoticed {way_out}"))
}
