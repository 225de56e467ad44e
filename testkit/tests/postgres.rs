//! Databases for tests come and go.

use sqlx::{Connection as _, PgConnection};
use testkit::postgres::{self, Database};

async fn exists(name: &str) -> bool {
    let mut server = PgConnection::connect_with(&postgres::server()).await.expect("a server");
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(name)
        .fetch_one(&mut server)
        .await
        .expect("an answer")
}

#[tokio::test]
async fn each_test_has_a_database_of_its_own_until_it_ends() {
    let (one, two) = tokio::join!(Database::empty(), Database::empty());
    assert_ne!(one.name(), two.name());
    sqlx::query("CREATE TABLE things (id int)").execute(one.pool()).await.expect("a table");
    let mut by_url = PgConnection::connect(&one.url()).await.expect("its address works");
    let count: i64 =
        sqlx::query_scalar("SELECT count(*) FROM things").fetch_one(&mut by_url).await.expect("counted");
    assert_eq!(count, 0);
    assert!(sqlx::query("SELECT * FROM things").execute(two.pool()).await.is_err(), "the other has no table");

    let name = one.name().to_owned();
    assert!(exists(&name).await);
    // Somebody is still connected, and that does not matter.
    drop(one);
    assert!(!exists(&name).await);
}
