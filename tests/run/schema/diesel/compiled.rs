//! What we print compiles, and Diesel makes queries of it. Not here: names that are the same in Rust, and tables with
//! more columns than Diesel has features for.

use diesel::pg::Pg;
use diesel::prelude::*;
use migration_tests::harness::Trial;
use migration_tests::trials;

/// The texts, as programs include them.
#[expect(clippy::pedantic, non_snake_case, unreachable_pub, reason = "as Diesel has it")]
mod printed {
    pub(super) mod dcms {
        include!("dcms.diesel");
    }

    pub(super) mod keys {
        include!("keys.diesel");
        include!("keys_elsewhere.diesel");
    }

    pub(super) mod names {
        include!("names.diesel");
        include!("names_elsewhere.diesel");
    }

    pub(super) mod types {
        include!("types_derived.diesel");
    }

    pub(super) mod views {
        include!("views.diesel");
    }
}

pub(crate) fn tests() -> Vec<Trial> {
    trials![queries_are_made_of_what_is_printed, odd_names_reach_the_query]
}

fn queries_are_made_of_what_is_printed() {
    use printed::keys::{author, book, chapter, elsewhere};

    let query = chapter::table
        .inner_join(book::table.inner_join(author::table))
        .filter(author::name.eq("Ovid"))
        .select((chapter::id, book::id));
    let text = diesel::debug_query::<Pg, _>(&query).to_string();
    let from = r#"FROM ("chapter" INNER JOIN ("book" INNER JOIN "author" ON ("book"."author_id" = "author"."id")) ON ("chapter"."type" = "book"."id"))"#;
    assert!(text.contains(from), "{text}");
    assert!(text.contains(r#"WHERE ("author"."name" = $1)"#), "{text}");

    let query = elsewhere::page::table.inner_join(elsewhere::book::table).count();
    let text = diesel::debug_query::<Pg, _>(&query).to_string();
    let from = r#"FROM ("elsewhere"."page" INNER JOIN "elsewhere"."book" ON ("elsewhere"."page"."book_id" = "elsewhere"."book"."id"))"#;
    assert!(text.contains(from), "{text}");
}

fn odd_names_reach_the_query() {
    use printed::names::{gr_e, table_};

    let query = table_::table.select((table_::type_, table_::Self_));
    let text = diesel::debug_query::<Pg, _>(&query).to_string();
    assert!(text.starts_with(r#"SELECT "table"."type", "table"."Self" FROM "table""#), "{text}");

    let text = diesel::debug_query::<Pg, _>(&gr_e::table.select(gr_e::h_he_in_m_)).to_string();
    assert!(text.starts_with(r#"SELECT "größe"."höhe in m²" FROM "größe""#), "{text}");
}
