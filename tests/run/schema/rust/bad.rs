//! What a program has of names that may be anything.

mod schema;
use schema::*;

fn main() {
    let it = ubel_und_mehr::t_x::COLUMNS;
    println!("{} {}", ubel_und_mehr::t_x::TABLE, public::wide::COLUMNS.len());
    println!("{:?}", it.iter().map(|it| (it.name, it.sql_type, it.default)).nth(5));
    println!("{:?} {:?} {:?}", it[7].generated, it[8].identity, it[3].nullable);
    println!("{:?}", ubel_und_mehr::mood_of::LABELS);
    println!("{:?}", ubel_und_mehr::t_x::FOREIGN_KEYS);
    println!("{:?}", r#type::r#match::COLUMNS.iter().map(|it| it.sql).collect::<Vec<_>>());
    println!("{}", r#type::r#match_2::TABLE);
}
