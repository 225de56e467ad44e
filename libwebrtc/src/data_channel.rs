//! Data channels.

use std::{fmt, str::Utf8Error, sync::Arc};

use serde::Deserialize;
use thiserror::Error;

use crate::{rtc::channel::Channel, rtp_parameters::Priority};

/// How a data channel is set up (W3C `RTCDataChannelInit`).
#[derive(Clone, Debug)]
pub struct DataChannelInit {
    /// Whether messages arrive in the order they were sent in.
    pub ordered: bool,
    /// How long a message may be sent again, in milliseconds. Wins over `max_retransmits`.
    pub max_retransmit_time: Option<i32>,
    /// How often a message may be sent again.
    pub max_retransmits: Option<i32>,
    /// Sub-protocol.
    pub protocol: String,
    /// Whether both sides make the channel with the same `id`, without opening it in band.
    pub negotiated: bool,
    /// Stream id of a negotiated channel, else -1.
    pub id: i32,
    /// Relative importance; without effect here.
    pub priority: Option<Priority>,
}

impl Default for DataChannelInit {
    /// Ordered, reliable, opened in band.
    fn default() -> Self {
        Self {
            ordered: true,
            max_retransmit_time: None,
            max_retransmits: None,
            protocol: String::new(),
            negotiated: false,
            id: -1,
            priority: None,
        }
    }
}

/// Why a message was not sent.
#[derive(Debug, Error)]
pub enum DataChannelError {
    /// The channel is not open, or the send buffer (16 MiB per peer connection) has no room for the message.
    /// A retry helps in the second case, after the buffered amount has gone down.
    #[error("data channel is not open or its send buffer is full")]
    Send,
    /// A text message was not UTF-8.
    #[error("text messages must be UTF-8")]
    Utf8(#[from] Utf8Error),
}

/// State of a data channel.
#[derive(Debug, Copy, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataChannelState {
    /// Not yet usable.
    Connecting,
    /// Messages can be sent.
    Open,
    /// Being closed.
    Closing,
    /// Closed for good.
    Closed,
}

/// A received message.
#[derive(Debug)]
pub struct DataBuffer<'a> {
    /// The payload.
    pub data: &'a [u8],
    /// `false` for text.
    pub binary: bool,
}

/// Called when the state changes.
pub type OnStateChange = Box<dyn FnMut(DataChannelState) + Send + Sync>;
/// Called with each message.
pub type OnMessage = Box<dyn FnMut(DataBuffer<'_>) + Send + Sync>;
/// Called with the number of bytes that have left the send buffer since the last call.
pub type OnBufferedAmountChange = Box<dyn FnMut(u64) + Send + Sync>;

/// A data channel. Clones share it. Callbacks run one after another, outside of all locks of the peer connection.
#[derive(Clone)]
pub struct DataChannel {
    pub(crate) inner: Arc<Channel>,
}

impl DataChannel {
    /// Puts a message into the send buffer; does not wait.
    ///
    /// # Errors
    /// See [`DataChannelError`].
    pub fn send(&self, data: &[u8], binary: bool) -> Result<(), DataChannelError> {
        if !binary {
            std::str::from_utf8(data)?;
        }
        self.inner.send(data, binary)
    }

    /// The stream id; -1 until it is known.
    pub fn id(&self) -> i32 {
        self.inner.stream_id()
    }

    /// The label given at creation.
    pub fn label(&self) -> String {
        self.inner.label().to_owned()
    }

    /// The state.
    pub fn state(&self) -> DataChannelState {
        self.inner.state()
    }

    /// Closes the channel; what is buffered may be lost.
    pub fn close(&self) {
        self.inner.close();
    }

    /// Bytes in the send buffer.
    pub fn buffered_amount(&self) -> u64 {
        self.inner.buffered_amount()
    }

    /// Sets who is told of state changes.
    pub fn on_state_change(&self, callback: Option<OnStateChange>) {
        self.inner.on_state_change(callback);
    }

    /// Sets who gets the messages. Messages that came before are delivered first.
    pub fn on_message(&self, callback: Option<OnMessage>) {
        self.inner.on_message(callback);
    }

    /// Sets who is told that the send buffer drains.
    pub fn on_buffered_amount_change(&self, callback: Option<OnBufferedAmountChange>) {
        self.inner.on_buffered_amount_change(callback);
    }
}

impl fmt::Debug for DataChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataChannel")
            .field("id", &self.id())
            .field("label", &self.label())
            .field("state", &self.state())
            .finish()
    }
}
