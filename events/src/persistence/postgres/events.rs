//! Events in PostgreSQL.
