//! A fresh PostgreSQL database for each test.

use std::str::FromStr as _;

use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// A database of one's own on the server at `TEST_DATABASE_URL`, dropped with this value.
#[derive(Debug)]
pub struct Database {
    server: PgConnectOptions,
    name: String,
    pool: PgPool,
}

impl Database {
    /// Makes a database and applies the migrations.
    ///
    /// # Panics
    /// When `TEST_DATABASE_URL` is not set, or that server does not do what it should.
    pub async fn create(migrator: &Migrator) -> Self {
        let database = Self::empty().await;
        migrator.run(&database.pool).await.expect("the migrations apply to an empty database");
        database
    }

    /// Makes a database with nothing in it.
    ///
    /// # Panics
    /// As [`Database::create`].
    pub async fn empty() -> Self {
        let server = server();
        let mut connection = connect(&server).await;
        let name: String =
            sqlx::query_scalar("SELECT 'ilenia_test_' || replace(gen_random_uuid()::text, '-', '_')")
                .fetch_one(&mut connection)
                .await
                .expect("a name");
        sqlx::query(&format!("CREATE DATABASE {name}"))
            .execute(&mut connection)
            .await
            .expect("a new database");
        // An error here takes nothing from the test.
        let _ = connection.close().await;
        let pool = PgPoolOptions::new().max_connections(8).connect_lazy_with(server.clone().database(&name));
        Self { server, name, pool }
    }

    /// Its address, as in `DATABASE_URL`, with the rights of a superuser.
    pub fn url(&self) -> String {
        self.options().to_url_lossy().to_string()
    }

    /// Its address as sqlx takes it.
    pub fn options(&self) -> PgConnectOptions {
        self.server.clone().database(&self.name)
    }

    /// Connections to it, at most eight.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Its name on the server.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Database {
    /// Drops the database, with whoever is still connected to it.
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // Drop cannot wait for anything async in the test's own runtime.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut connection = PgConnection::connect_with(&server).await?;
                sqlx::query(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                    .execute(&mut connection)
                    .await?;
                connection.close().await
            })
        });
        // A server that is gone took its databases along.
        let _ = dropped.join();
    }
}

/// The server at `TEST_DATABASE_URL`.
///
/// # Panics
/// When the variable is not set or is no address.
pub fn server() -> PgConnectOptions {
    let url =
        std::env::var_os("TEST_DATABASE_URL").and_then(|url| url.into_string().ok()).unwrap_or_default();
    assert!(
        !url.is_empty(),
        "TEST_DATABASE_URL is not set: `make test` starts a PostgreSQL and sets it; \
         for single tests see CONTRIBUTING.md (scripts/postgres.sh start DIRECTORY)"
    );
    PgConnectOptions::from_str(&url)
        .expect("TEST_DATABASE_URL is an address such as postgres://postgres@127.0.0.1:5432/postgres")
        .log_statements("trace".parse().expect("a level"))
}

async fn connect(server: &PgConnectOptions) -> PgConnection {
    PgConnection::connect_with(server).await.expect("the PostgreSQL server at TEST_DATABASE_URL answers")
}
