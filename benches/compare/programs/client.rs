//! What every application has anyway: a client that connects, with nothing embedded.

fn main() {
    let url = std::env::args().nth(1).unwrap_or_default();
    postgres::Client::connect(&url, postgres::NoTls).expect("connected");
}
