//! What events-service reads from its variables.

use common::{access::AccessConfig, config::Variables, persistence::postgres::DatabaseConfig};

/// The audience that tokens for this service must name.
pub const AUDIENCE: &str = "event-service";
/// Live events at once, for customers without a limit of their own.
pub const DEFAULT_MAX_LIVE_EVENTS: u32 = 10;

/// The configuration of events-service.
#[derive(Clone, Debug)]
pub struct EventsConfig {
    /// How access tokens are verified.
    pub access: AccessConfig,
    /// `MAX_LIVE_EVENTS_PER_CUSTOMER`: live events at once, for customers without a limit of their own.
    pub max_live_events: u32,
    /// Where the data is kept; `None`: in memory.
    pub database: Option<DatabaseConfig>,
}

impl EventsConfig {
    /// Reads the variables; mistakes are noted in them.
    pub fn from_variables(variables: &Variables) -> Self {
        Self {
            access: AccessConfig::from_variables(variables, Some(AUDIENCE)),
            max_live_events: variables.or("MAX_LIVE_EVENTS_PER_CUSTOMER", DEFAULT_MAX_LIVE_EVENTS),
            database: DatabaseConfig::from_variables(variables),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_to_be_set() {
        let variables = Variables::from([]);
        let config = EventsConfig::from_variables(&variables);
        assert!(config.database.is_none());
        assert_eq!(config.max_live_events, DEFAULT_MAX_LIVE_EVENTS);
        assert_eq!(config.access.audience.as_deref(), Some("event-service"));
        assert!(variables.finish(()).is_ok());
    }

    #[test]
    fn a_limit_that_is_no_number_is_a_mistake() {
        let variables = Variables::from([("MAX_LIVE_EVENTS_PER_CUSTOMER", "a few")]);
        EventsConfig::from_variables(&variables);
        let error = variables.finish(()).expect_err("a mistake");
        assert!(error.mistakes[0].starts_with("MAX_LIVE_EVENTS_PER_CUSTOMER"), "{error}");
    }
}
