//! What a program has of the schema of the example.

mod schema;
use schema::public::{contract_versions, contracts, users};

fn main() {
    println!("SELECT {}, {} FROM {}", contracts::ID, contracts::REFERENCE, contracts::TABLE);
    println!("{:?} {:?}", contracts::ID, contracts::PRIMARY_KEY);
    let key = contracts::FOREIGN_KEYS.iter().find(|it| it.target == users::TABLE).unwrap();
    println!("{} {:?} {:?}", key.name, key.columns, key.target_columns);
    println!("{:?}", contract_versions::UNIQUE);
}
