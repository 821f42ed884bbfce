//! `#[migration_test]`: a function with a database becomes a test that gets one.
//!
//! What stands before the body is read token by token. To parse Rust as a whole, every program that embeds
//! migrations would have to wait for a parser of all of it.

use migrate_core::Version;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Error, Lit, Token, token};

use crate::args::{default_runtime, value};

/// Expands the attribute. A function that is wrong stays out: errors about its arguments would only
/// repeat what is said.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let parsed = syn::parse2::<Args>(args);
    let function = Function::parse.parse2(item);
    match (parsed, function) {
        (Ok(args), Ok(function)) => function.test(&args),
        (Err(mut error), Err(other)) => {
            error.combine(other);
            error.into_compile_error()
        }
        (Err(error), _) | (_, Err(error)) => error.into_compile_error(),
    }
}

/// What stands between the parentheses of the attribute.
struct Args {
    /// The path to the set.
    migrations: TokenStream,
    /// The last migration that runs, and where it is named.
    at: Option<(Version, Span)>,
    /// Where generated code finds `migrate_runtime`.
    runtime: TokenStream,
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> syn::Result<Args> {
        let mut args =
            Args { migrations: quote!(crate::MIGRATIONS), at: None, runtime: default_runtime() };
        let mut given: Vec<Ident> = Vec::new();
        while !input.is_empty() {
            let name = input.call(Ident::parse_any).map_err(|it| expected_option(it.span()))?;
            if given.contains(&name) {
                return Err(Error::new(name.span(), format!("`{name}` is given twice")));
            }
            if !["migrations", "at", "crate"].iter().any(|it| name == it) {
                return Err(expected_option(name.span()));
            }
            input.parse::<Token![=]>()?;
            if name == "at" {
                args.at = Some(version(input)?);
            } else if name == "migrations" {
                args.migrations = set(input)?;
            } else {
                args.runtime = value(input)?;
            }
            given.push(name);
            if !input.is_empty() {
                input.parse::<Token![,]>().map_err(|it| expected_option(it.span()))?;
            }
        }
        Ok(args)
    }
}

fn version(input: ParseStream<'_>) -> syn::Result<(Version, Span)> {
    let start = input.span();
    let (text, span) = match value(input).and_then(syn::parse2::<Lit>) {
        Ok(Lit::Str(it)) => (it.value(), it.span()),
        Ok(Lit::Int(it)) if it.suffix().is_empty() => (it.base10_digits().to_owned(), it.span()),
        _ => {
            let message = "expected the version of a migration, as in `at = \"20240320000000\"`";
            return Err(Error::new(start, message));
        }
    };
    match text.parse() {
        Ok(version) => Ok((version, span)),
        Err(error) => Err(Error::new(span, format!("`{text}` is no version: {error}"))),
    }
}

fn set(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let start = input.span();
    let set = value(input)?;
    if matches!(set.clone().into_iter().next(), Some(TokenTree::Literal(_))) {
        let message = "expected the path of a set, as in `migrations = crate::MIGRATIONS`: it is \
                       the `static` that `embed_migrations!` makes of a folder";
        return Err(Error::new(start, message));
    }
    Ok(set)
}

fn expected_option(span: Span) -> Error {
    let message = "expected `migrations = path::to::MIGRATIONS`, `at = \"20240320000000\"` or \
                   `crate = ::path::to::migrate_runtime`";
    Error::new(span, message)
}

/// A function, as far as a test has to know it.
struct Function {
    attributes: TokenStream,
    visibility: TokenStream,
    name: Ident,
    argument: Argument,
    /// The arrow and the type behind it, or nothing.
    output: TokenStream,
    body: Group,
}

/// The one that there is.
struct Argument {
    tokens: TokenStream,
    /// Whether the connection is lent.
    is_reference: bool,
    span: Span,
}

impl Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Function> {
        let attributes = attributes(input)?;
        let visibility = visibility(input)?;
        plain_function(input)?;
        let name = input.call(Ident::parse_any)?;
        if input.peek(Token![<]) {
            return Err(input.error("a test has no generic parameters: nobody would choose them"));
        }
        let argument = Argument::of(&group(input, Delimiter::Parenthesis)?, &name)?;
        let mut output = TokenStream::new();
        while !input.is_empty() && !input.peek(token::Brace) {
            output.extend([input.parse::<TokenTree>()?]);
        }
        let body = group(input, Delimiter::Brace)?;
        Ok(Function { attributes, visibility, name, argument, output, body })
    }

    fn test(&self, args: &Args) -> TokenStream {
        let Function { attributes, visibility, name, argument, output, body } = self;
        let Args { migrations, at, runtime } = args;
        let private = |span| spanned(quote!(#runtime::testing::__private), span);
        let tokens = &argument.tokens;
        // An error about the set is shown where its path stands.
        let start = migrations.clone().into_iter().next().map_or(name.span(), |it| it.span());
        let set = quote_spanned!(start=> &#migrations);
        let (number, check) = match at {
            Some((version, span)) => {
                let number = version.get();
                // An error about a version is shown where the version stands.
                let private = private(*span);
                let check = quote_spanned!(*span=> #private::assert_has(#set, #number));
                let number = quote!(::core::option::Option::Some(#number));
                (number, Some(quote!(const _: () = #check;)))
            }
            None => (quote!(::core::option::Option::None), None),
        };
        // A test without a database has failed where it stands.
        let private = private(name.span());
        let establish = quote_spanned!(name.span()=> #private::establish(#set, #number));
        // As is one that takes something else.
        let call = if argument.is_reference {
            quote_spanned!(argument.span=> #name(&mut connection))
        } else {
            quote_spanned!(argument.span=> #name(connection))
        };
        let mutable = argument.is_reference.then(|| quote_spanned!(argument.span=> mut));
        let connection = quote_spanned!(argument.span=> connection);
        quote!(
            #[::core::prelude::v1::test]
            #attributes
            #visibility fn #name() #output {
                fn #name(#tokens) #output #body
                #check
                let #mutable #connection = #establish;
                #call
            }
        )
    }
}

/// The same words, said at another place.
fn spanned(tokens: TokenStream, span: Span) -> TokenStream {
    let said_there = |mut it: TokenTree| {
        it.set_span(span.resolved_at(it.span()));
        it
    };
    tokens.into_iter().map(said_there).collect()
}

/// All of them go to the test, but those that would make it one once more, and one that would let it pass where
/// there is no database.
fn attributes(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut attributes = TokenStream::new();
    while input.peek(Token![#]) {
        let hash = input.parse::<TokenTree>()?;
        let attribute = group(input, Delimiter::Bracket)?;
        let path =
            attribute.stream().into_iter().take_while(|it| !matches!(it, TokenTree::Group(_)));
        if let Some(TokenTree::Ident(last)) = path.last().filter(|it| it.to_string() == "test") {
            let message = "`#[migration_test]` makes the function a test by itself: leave this out";
            return Err(Error::new(last.span(), message));
        }
        takes_one_panic(&attribute)?;
        attributes.extend([hash, attribute.into()]);
    }
    Ok(attributes)
}

/// Refuses an attribute that takes every panic for the one that is meant.
fn takes_one_panic(attribute: &Group) -> syn::Result<()> {
    let mut words = attribute.stream().into_iter();
    let Some(TokenTree::Ident(name)) = words.next() else { return Ok(()) };
    if name != "should_panic" || words.next().is_some() {
        return Ok(());
    }
    let message = "a test that takes every panic passes without a database as well\n\
                   help: name the one that is meant: `#[should_panic(expected = \"…\")]`";
    Err(Error::new(name.span(), message))
}

fn visibility(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut visibility = TokenStream::new();
    if input.peek(Token![pub]) {
        visibility.extend([input.parse::<TokenTree>()?]);
        if input.peek(token::Paren) {
            visibility.extend([input.parse::<TokenTree>()?]);
        }
    }
    Ok(visibility)
}

/// Takes the `fn`, and nothing before it.
fn plain_function(input: ParseStream<'_>) -> syn::Result<()> {
    if input.peek(Token![fn]) {
        return input.parse::<Token![fn]>().map(|_| ());
    }
    let message = if input.peek(Token![async]) {
        "the client of a test blocks, so a migration test is no `async fn`\n\
         help: leave out `async`, and run what is async in the test: \
         `tokio::runtime::Runtime::new().unwrap().block_on(async { … })`; `db.url()` is for its connections"
    } else if input.peek(Token![const]) || input.peek(Token![unsafe]) || input.peek(Token![extern])
    {
        "a migration test is a plain `fn`"
    } else {
        "`#[migration_test]` belongs before a function: `fn name(db: &mut TestConnection) { … }`"
    };
    Err(input.error(message))
}

fn group(input: ParseStream<'_>, delimiter: Delimiter) -> syn::Result<Group> {
    match input.parse::<TokenTree>()? {
        TokenTree::Group(group) if group.delimiter() == delimiter => Ok(group),
        other => Err(Error::new(other.span(), "expected a function with a body")),
    }
}

impl Argument {
    fn of(arguments: &Group, name: &Ident) -> syn::Result<Argument> {
        let message = "a migration test takes its database: `db: &mut TestConnection`, \
                       or `db: TestConnection`";
        let tokens: Vec<TokenTree> = arguments.stream().into_iter().collect();
        if tokens.is_empty() {
            return Err(Error::new(name.span(), message));
        }
        let is = |it: &TokenTree, expected| matches!(it, TokenTree::Punct(it) if it.as_char() == expected);
        let mut depth = 0;
        for (index, it) in tokens.iter().enumerate() {
            depth += i32::from(is(it, '<')) - i32::from(is(it, '>'));
            if depth == 0 && is(it, ',') && index + 1 < tokens.len() {
                let message = format!("{message}, and nothing else");
                return Err(Error::new(tokens[index + 1].span(), message));
            }
        }
        // What stands before the type is a name.
        let mut kind = tokens.iter().skip_while(|it| !is(it, ':')).skip(1);
        let Some(first) = kind.next() else { return Err(Error::new(tokens[0].span(), message)) };
        let (is_reference, span) = (is(first, '&'), first.span());
        Ok(Argument { tokens: arguments.stream(), is_reference, span })
    }
}
