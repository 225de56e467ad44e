//! What this service is.

use common::service::{About, Document};

use crate::router;

/// What this service is.
pub const ABOUT: About = About {
    name: "live-service",
    description: "Sessions: starting, stopping, agents, listeners, captions and transcripts.",
    version: "v1",
    collection: None,
};

/// The description of the API.
pub fn openapi() -> Document {
    Document::new(router().get_openapi(), ABOUT)
}
