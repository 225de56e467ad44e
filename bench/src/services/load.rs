//! Many requests over kept connections, each timed.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use http_body_util::{BodyExt as _, Empty};
use hyper::{Request, body::Bytes, client::conn::http1::SendRequest, header};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet, time::Instant};

/// What is asked for.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) address: SocketAddr,
    pub(super) path: String,
    /// Empty: without one.
    pub(super) token: String,
}

/// How much is asked.
#[derive(Clone, Copy)]
pub(super) struct Load {
    pub(super) requests: usize,
    pub(super) connections: usize,
}

/// How long the answers took.
pub(super) struct Figures {
    took: Vec<Duration>,
    wall: Duration,
}

impl Load {
    /// One after another on each connection, as quickly as they are answered. Errors: an answer that is not 200.
    pub(super) async fn run(self, target: &Target) -> Result<Figures> {
        let left = Arc::new(AtomicUsize::new(self.requests));
        let mut workers = JoinSet::new();
        let began = Instant::now();
        for _ in 0..self.connections {
            let (target, left) = (target.clone(), Arc::clone(&left));
            workers.spawn(async move {
                let mut sender = connect(&target).await?;
                let mut took = Vec::new();
                while left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
                    .is_ok()
                {
                    took.push(ask(&mut sender, &target).await?);
                }
                anyhow::Ok(took)
            });
        }
        let mut took = Vec::with_capacity(self.requests);
        while let Some(worker) = workers.join_next().await {
            took.extend(worker??);
        }
        Ok(Figures::new(took, began.elapsed()))
    }

    /// One every `interval` on one connection.
    pub(super) async fn paced(self, target: &Target, interval: Duration) -> Result<Figures> {
        let mut sender = connect(target).await?;
        let mut ticks = tokio::time::interval(interval);
        let (mut took, began) = (Vec::new(), Instant::now());
        for _ in 0..self.requests {
            ticks.tick().await;
            took.push(ask(&mut sender, target).await?);
        }
        Ok(Figures::new(took, began.elapsed()))
    }
}

impl Figures {
    fn new(mut took: Vec<Duration>, wall: Duration) -> Self {
        took.sort_unstable();
        Self { took, wall }
    }

    pub(super) fn per_second(&self) -> f64 {
        self.took.len() as f64 / self.wall.as_secs_f64()
    }

    /// `share` 0 to 1.
    pub(super) fn percentile_ms(&self, share: f64) -> f64 {
        let index = ((self.took.len() as f64 * share).ceil() as usize).clamp(1, self.took.len().max(1)) - 1;
        self.took.get(index).map_or(f64::NAN, |took| took.as_secs_f64() * 1000.0)
    }
}

async fn connect(target: &Target) -> Result<SendRequest<Empty<Bytes>>> {
    let stream = TcpStream::connect(target.address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn ask(sender: &mut SendRequest<Empty<Bytes>>, target: &Target) -> Result<Duration> {
    let mut request = Request::get(&target.path).header(header::HOST, target.address.to_string());
    if !target.token.is_empty() {
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", target.token));
    }
    let began = Instant::now();
    sender.ready().await?;
    let answer = sender.send_request(request.body(Empty::new())?).await.context("asking")?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    ensure!(status == 200, "{} answered {status}: {}", target.path, String::from_utf8_lossy(&body));
    Ok(began.elapsed())
}
