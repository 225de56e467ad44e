//! What an agent is.

use std::future::Future;

use async_trait::async_trait;

use crate::JobContext;

/// How an agent ends: `?` takes any error.
pub type AgentResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Something that takes part in a room.
///
/// Implemented by every `Fn(JobContext) -> impl Future<Output = AgentResult>`, so that a small agent is one closure.
#[async_trait]
pub trait Agent: Send + Sync + 'static {
    /// Does the job, once, from the first joining to the end. Lost connections are repaired underneath.
    ///
    /// Returns when the work is done, or soon after [`JobContext::shutdown`] resolves: then it finishes what it has
    /// in hand, and is cancelled (dropped) at the end of [`crate::ConnectOptions::drain`]. An error ends the job.
    async fn run(&self, ctx: JobContext) -> AgentResult;
}

#[async_trait]
impl<F, Fut> Agent for F
where
    F: Fn(JobContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = AgentResult> + Send + 'static,
{
    async fn run(&self, ctx: JobContext) -> AgentResult {
        self(ctx).await
    }
}
