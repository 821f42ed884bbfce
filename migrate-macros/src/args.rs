//! The arguments of `embed_migrations!`.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Ident, LitStr, Token};

/// What stands between the parentheses.
pub(crate) struct Args {
    /// The folder.
    pub(crate) path: LitStr,
    /// What a relative path is relative to.
    pub(crate) base: Base,
    /// Where generated code finds `migrate_runtime`.
    pub(crate) runtime: TokenStream,
}

/// What a relative path is relative to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// The folder of the crate's `Cargo.toml`.
    Manifest,
    /// The file that calls the macro.
    File,
}

/// Where `migrate_runtime` is found unless told.
pub(crate) fn default_runtime() -> TokenStream {
    quote!(::migrate_runtime)
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> syn::Result<Args> {
        let path = path(input)?;
        let mut args = Args { path, base: Base::Manifest, runtime: default_runtime() };
        while !input.is_empty() {
            input.parse::<Token![,]>().map_err(|it| expected_option(it.span()))?;
            if !input.is_empty() {
                args.option(input)?;
            }
        }
        Ok(args)
    }
}

impl Args {
    fn option(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let name = input.call(Ident::parse_any).map_err(|it| expected_option(it.span()))?;
        let known = ["relative_to", "crate"];
        if !known.iter().any(|it| name == it) {
            return Err(expected_option(name.span()));
        }
        input.parse::<Token![=]>()?;
        let (start, value) = (input.span(), value(input)?);
        if name == "crate" {
            self.runtime = value;
            return Ok(());
        }
        self.base = match value.to_string().as_str() {
            "file" => Base::File,
            "manifest" => Base::Manifest,
            _ => {
                let message = "a path is `relative_to = manifest` or `relative_to = file`";
                return Err(Error::new(start, message));
            }
        };
        Ok(())
    }
}

fn path(input: ParseStream<'_>) -> syn::Result<LitStr> {
    let example = "the folder of the migrations, as in `embed_migrations!(\"migrations\")`";
    if input.is_empty() {
        return Err(Error::new(Span::call_site(), format!("missing: {example}")));
    }
    let path: LitStr = input
        .parse()
        .map_err(|it| Error::new(it.span(), format!("expected a string literal: {example}")))?;
    if path.value().is_empty() {
        return Err(Error::new(path.span(), format!("the path is empty: expected {example}")));
    }
    Ok(path)
}

/// Everything up to the next comma; a path has none.
pub(crate) fn value(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut value = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        value.extend([input.parse::<TokenTree>()?]);
    }
    if value.is_empty() { Err(input.error("expected a value")) } else { Ok(value) }
}

fn expected_option(span: Span) -> Error {
    Error::new(span, "expected `relative_to = file` or `crate = ::path::to::migrate_runtime`")
}
