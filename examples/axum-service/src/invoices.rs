//! The routes. They rely on the schema of the newest migration: the service listens after it has run.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Row};

#[derive(Serialize)]
struct Invoice {
    id: i64,
    customer: String,
    cents: i64,
    currency: String,
}

#[derive(Deserialize)]
struct NewInvoice {
    customer: String,
    cents: i64,
    #[serde(default = "euro")]
    currency: String,
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

#[derive(Serialize)]
struct Problem {
    error: &'static str,
}

struct Failure(tokio_postgres::Error);

pub(crate) fn router(client: Arc<Client>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/invoices", get(list).post(create))
        .with_state(client)
}

async fn health(State(client): State<Arc<Client>>) -> Result<Json<Health>, Failure> {
    client.simple_query("SELECT 1").await?;
    Ok(Json(Health { status: "ok" }))
}

async fn list(State(client): State<Arc<Client>>) -> Result<Json<Vec<Invoice>>, Failure> {
    let sql = "SELECT id, customer, cents, currency FROM invoices ORDER BY id";
    let rows = client.query(sql, &[]).await?;
    Ok(Json(rows.iter().map(Invoice::read).collect::<Result<_, _>>()?))
}

async fn create(
    State(client): State<Arc<Client>>,
    Json(new): Json<NewInvoice>,
) -> Result<(StatusCode, Json<Invoice>), Failure> {
    let sql = "INSERT INTO invoices (customer, cents, currency) VALUES ($1, $2, $3) \
               RETURNING id, customer, cents, currency";
    let row = client.query_one(sql, &[&new.customer, &new.cents, &new.currency]).await?;
    Ok((StatusCode::CREATED, Json(Invoice::read(&row)?)))
}

fn euro() -> String {
    "EUR".to_owned()
}

impl Invoice {
    fn read(row: &Row) -> Result<Invoice, tokio_postgres::Error> {
        Ok(Invoice {
            id: row.try_get("id")?,
            customer: row.try_get("customer")?,
            cents: row.try_get("cents")?,
            currency: row.try_get("currency")?,
        })
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Failure {
        Failure(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        // The rules are the constraints of the table: there is one place for them.
        let (status, error) = if self.0.code() == Some(&SqlState::CHECK_VIOLATION) {
            let rule =
                "an invoice has a customer, a positive amount and a currency of three letters";
            (StatusCode::UNPROCESSABLE_ENTITY, rule)
        } else {
            // What the server said is for the operator, not for the caller.
            crate::report(&self.0);
            if self.0.is_closed() {
                (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer")
            } else {
                (StatusCode::INTERNAL_SERVER_ERROR, "the service cannot do this now")
            }
        };
        (status, Json(Problem { error })).into_response()
    }
}
