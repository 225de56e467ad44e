//! Migrations are applied once, in order, by one program at a time, and never to a database that is ahead.
#![cfg(feature = "postgres")]

use std::borrow::Cow;

use common::persistence::{
    migrate::{SchemaError, check_schema, migrate},
    postgres::{ConnectError, DatabaseConfig},
};
use sqlx::{
    Connection as _, PgConnection,
    migrate::{Migration, MigrationType, Migrator},
};
use testkit::postgres::Database;

/// Migrations 1, 2, … with these statements.
fn migrator(statements: &[&'static str]) -> Migrator {
    let migrations = (1..).zip(statements).map(|(version, sql)| {
        let name = Cow::Owned(format!("do thing {version}"));
        Migration::new(version, name, MigrationType::Simple, Cow::Borrowed(*sql), false)
    });
    Migrator { migrations: Cow::Owned(migrations.collect()), ..Migrator::DEFAULT }
}

async fn connect(database: &Database) -> PgConnection {
    PgConnection::connect_with(&database.options()).await.expect("a connection")
}

const ONE: &str = "CREATE TABLE one (id int)";
const TWO: &str = "CREATE TABLE two (id int)";

#[tokio::test]
async fn of_several_that_start_at_once_one_migrates() {
    let database = Database::empty().await;
    let migrator = migrator(&[ONE, TWO, "INSERT INTO two VALUES (1)"]);
    let once = async || migrate(&mut connect(&database).await, &migrator).await.expect("migrated");
    let (a, b, c, d) = tokio::join!(once(), once(), once(), once());
    let mut applied = [a, b, c, d];
    applied.sort();
    assert_eq!(applied[3], ["1_do_thing_1", "2_do_thing_2", "3_do_thing_3"]);
    assert!(applied[..3].iter().all(Vec::is_empty), "{applied:?}");
    check_schema(&mut connect(&database).await, &migrator).await.expect("up to date");
}

#[tokio::test]
async fn a_database_that_is_ahead_or_different_is_left_as_it_is() {
    let database = Database::empty().await;
    let mut connection = connect(&database).await;
    migrate(&mut connection, &migrator(&[ONE, TWO])).await.expect("migrated");
    for older in [migrator(&[ONE]), migrator(&[])] {
        let error = migrate(&mut connection, &older).await.expect_err("ahead");
        assert!(matches!(error, SchemaError::Newer { found: 2, .. }), "{error}");
        assert!(error.to_string().contains("newer than this program"), "{error}");
    }
    let other = migrator(&["CREATE TABLE uno (id int)", TWO, "CREATE TABLE three (id int)"]);
    let error = migrate(&mut connection, &other).await.expect_err("different");
    assert!(matches!(error, SchemaError::Different(1)), "{error}");
    let three: Option<String> = sqlx::query_scalar("SELECT to_regclass('three')::text")
        .fetch_one(&mut connection)
        .await
        .expect("an answer");
    assert_eq!(three, None);
}

#[tokio::test]
async fn a_migration_that_fails_is_named_and_can_be_mended() {
    let database = Database::empty().await;
    let mut connection = connect(&database).await;
    let wrong = migrator(&[ONE, "CREATE TABLE two (id int); SELECT nonsense"]);
    let error = migrate(&mut connection, &wrong).await.expect_err("wrong");
    assert!(error.to_string().starts_with("migration 2_do_thing_2 failed: "), "{error}");
    let applied = migrate(&mut connection, &migrator(&[ONE, TWO])).await.expect("mended");
    assert_eq!(applied, ["2_do_thing_2"]);
}

#[tokio::test]
async fn a_service_does_not_start_on_an_outdated_schema_unless_it_may_migrate() {
    let database = Database::empty().await;
    let url = database.url();
    let variables = |migrate: &str| {
        let pairs = [("DATABASE_URL", url.as_str()), ("MIGRATE_ON_START", migrate)];
        DatabaseConfig::from_variables(&common::config::Variables::from(pairs)).expect("a database")
    };
    let (one, two) = (migrator(&[ONE]), migrator(&[ONE, TWO]));
    let error = variables("false").connect(&two).await.expect_err("empty");
    assert!(matches!(error, ConnectError::Schema(SchemaError::Outdated { missing: 2, .. })), "{error}");
    assert!(error.to_string().contains("2 migrations to apply, from 1_do_thing_1 on"), "{error}");
    variables("true").connect(&one).await.expect("migrated");
    variables("false").connect(&two).await.expect_err("one is missing");
    variables("true").connect(&two).await.expect("migrated");
    // The program before the last one goes on while the last one is rolled out.
    variables("false").connect(&one).await.expect("taken as it is");
    variables("true").connect(&one).await.expect("taken as it is");
}
