//! `ilenia migrate`: brings a service's database up to date.

use clap::ValueEnum;
use common::{
    config::Variables,
    persistence::{
        PersistenceError,
        migrate::{SchemaError, check_schema, migrate},
        postgres::DatabaseConfig,
    },
};

use crate::{
    failure::{Failure, Kind},
    terminal,
};

#[derive(Debug, clap::Args)]
pub(crate) struct MigrateArguments {
    /// Whose database `DATABASE_URL` names
    service: Service,
    /// Change nothing: fail when something is to be applied
    #[arg(long)]
    check: bool,
}

/// The services that have a database.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Service {
    Auth,
    Events,
    Livekit,
    Live,
}

impl MigrateArguments {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let migrator = match self.service {
            Service::Auth => &auth::persistence::postgres::MIGRATOR,
            Service::Events => &events::persistence::postgres::MIGRATOR,
            Service::Livekit => &provider::persistence::postgres::MIGRATOR,
            Service::Live => &orchestrator::persistence::postgres::MIGRATOR,
        };
        // Whatever a service would do: this is about its database.
        let variables = Variables::from_env().with([("USE_DATABASE", "true")]);
        let config = DatabaseConfig::from_variables(&variables);
        let Some(config) = variables.finish(config)? else {
            return Err(Failure::new(Kind::Usage, "DATABASE_URL: required"));
        };
        let mut connection = config.connection().await.map_err(SchemaError::from)?;
        if self.check {
            check_schema(&mut connection, migrator).await?;
            terminal::line("up to date");
            return Ok(());
        }
        let applied = migrate(&mut connection, migrator).await?;
        for migration in &applied {
            terminal::line(format!("applied {migration}"));
        }
        if applied.is_empty() {
            terminal::line("up to date");
        }
        Ok(())
    }
}

impl From<SchemaError> for Failure {
    fn from(error: SchemaError) -> Self {
        let (kind, hint) = match &error {
            SchemaError::Database(PersistenceError::Unavailable(_)) => (Kind::Unavailable, None),
            SchemaError::Database(PersistenceError::Failed(_)) | SchemaError::Migration { .. } => {
                (Kind::Other, None)
            }
            SchemaError::Newer { .. } => {
                (Kind::Other, Some("use the newest program that has been at this database"))
            }
            SchemaError::Different(_) => (Kind::Other, Some("is DATABASE_URL the database of this service?")),
            SchemaError::Outdated { .. } => {
                (Kind::Other, Some("`ilenia migrate` without --check applies them"))
            }
        };
        let failure = Self::new(kind, error.to_string());
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}
