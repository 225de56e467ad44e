//! In memory: for development and tests. All of it is behind one lock, so that every method is atomic.

mod inbox;
mod tokens;

use std::collections::VecDeque;

use async_trait::async_trait;
use parking_lot::Mutex;

use super::{Persistence, PersistenceError};
use crate::domain::IssuedToken;

/// As many tokens are remembered; then the oldest go.
const MAX_TOKENS: usize = 20_000;
/// As many events of `LiveKit` are remembered; then the oldest go.
const MAX_WEBHOOKS: usize = 10_000;

/// Keeps the newest until the process ends.
#[derive(Debug, Default)]
pub struct InMemory {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    tokens: VecDeque<IssuedToken>,
    webhooks: VecDeque<inbox::Kept>,
}

#[async_trait]
impl Persistence for InMemory {
    async fn check(&self) -> Result<(), PersistenceError> {
        Ok(())
    }
}
