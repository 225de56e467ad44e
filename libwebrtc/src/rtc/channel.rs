//! A data channel: its state as the program sees it.

use std::{
    collections::VecDeque,
    sync::{
        Weak,
        atomic::{AtomicI32, AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;
use str0m::channel::{ChannelConfig, Reliability};

use super::{callbacks::Slot, connection::Connection};
use crate::{
    RtcError,
    data_channel::{
        DataBuffer, DataChannelError, DataChannelInit, DataChannelState, OnBufferedAmountChange, OnMessage,
        OnStateChange,
    },
};

/// Messages kept while nobody listens.
const INBOX_MESSAGES: usize = 1024;

/// One data channel. The peer connection's task delivers its events.
pub(crate) struct Channel {
    connection: Weak<Connection>,
    config: ChannelConfig,
    stream_id: AtomicI32,
    state: Mutex<DataChannelState>,
    inbox: Mutex<VecDeque<(Vec<u8>, bool)>>,
    state_change: Slot<OnStateChange>,
    message: Slot<OnMessage>,
    buffered_amount_change: Slot<OnBufferedAmountChange>,
    /// Bytes ever put into the send buffer.
    written_bytes: AtomicU64,
    /// Bytes of these that have left it.
    drained_bytes: AtomicU64,
    pub(crate) counters: Mutex<ChannelCounters>,
}

/// What the statistics of a channel count.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ChannelCounters {
    pub(crate) messages_sent: u32,
    pub(crate) bytes_sent: u64,
    pub(crate) messages_received: u32,
    pub(crate) bytes_received: u64,
}

impl Channel {
    pub(crate) fn new(connection: Weak<Connection>, config: ChannelConfig) -> Self {
        Self {
            connection,
            stream_id: AtomicI32::new(config.negotiated.map_or(-1, i32::from)),
            config,
            state: Mutex::new(DataChannelState::Connecting),
            inbox: Mutex::default(),
            state_change: Slot::default(),
            message: Slot::default(),
            buffered_amount_change: Slot::default(),
            written_bytes: AtomicU64::new(0),
            drained_bytes: AtomicU64::new(0),
            counters: Mutex::default(),
        }
    }

    pub(crate) fn config(&self) -> &ChannelConfig {
        &self.config
    }

    pub(crate) fn label(&self) -> &str {
        &self.config.label
    }

    pub(crate) fn stream_id(&self) -> i32 {
        self.stream_id.load(Ordering::Relaxed)
    }

    pub(crate) fn set_stream_id(&self, id: u16) {
        self.stream_id.store(i32::from(id), Ordering::Relaxed);
    }

    pub(crate) fn state(&self) -> DataChannelState {
        *self.state.lock()
    }

    pub(crate) fn send(&self, data: &[u8], binary: bool) -> Result<(), DataChannelError> {
        if self.state() != DataChannelState::Open {
            return Err(DataChannelError::Send);
        }
        let connection = self.connection.upgrade().ok_or(DataChannelError::Send)?;
        if !connection.write_channel(self, data, binary) {
            return Err(DataChannelError::Send);
        }
        Ok(())
    }

    /// Counts a message that went into the send buffer. Called under the connection's lock.
    pub(crate) fn count_written(&self, bytes: usize) {
        self.written_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        let mut counters = self.counters.lock();
        counters.messages_sent = counters.messages_sent.wrapping_add(1);
        counters.bytes_sent += bytes as u64;
    }

    /// Takes note of the fill of the send buffer and returns how many bytes have left it since the last call.
    pub(crate) fn note_buffered(&self, buffered_bytes: u64) -> u64 {
        let drained = self.written_bytes.load(Ordering::Relaxed).saturating_sub(buffered_bytes);
        drained.saturating_sub(self.drained_bytes.fetch_max(drained, Ordering::Relaxed))
    }

    pub(crate) fn buffered_amount(&self) -> u64 {
        let drained = self.drained_bytes.load(Ordering::Relaxed);
        self.written_bytes.load(Ordering::Relaxed).saturating_sub(drained)
    }

    pub(crate) fn close(&self) {
        let leave = {
            let mut state = self.state.lock();
            let leave = !matches!(*state, DataChannelState::Closing | DataChannelState::Closed);
            if leave {
                *state = DataChannelState::Closing;
            }
            leave
        };
        if !leave {
            return;
        }
        match self.connection.upgrade() {
            Some(connection) => connection.close_channel(self),
            None => *self.state.lock() = DataChannelState::Closed,
        }
    }

    pub(crate) fn on_state_change(&self, callback: Option<OnStateChange>) {
        self.state_change.set(callback);
    }

    pub(crate) fn on_message(&self, callback: Option<OnMessage>) {
        self.message.set(callback);
        if !self.inbox.lock().is_empty()
            && let Some(connection) = self.connection.upgrade()
        {
            connection.deliver_inbox(self);
        }
    }

    pub(crate) fn on_buffered_amount_change(&self, callback: Option<OnBufferedAmountChange>) {
        self.buffered_amount_change.set(callback);
    }

    /// Moves to `state` and tells the program. Only called by the peer connection's task.
    pub(crate) fn enter(&self, state: DataChannelState) {
        let changed = {
            let mut current = self.state.lock();
            let changed = *current != state && *current != DataChannelState::Closed;
            if changed {
                *current = state;
            }
            changed
        };
        if changed {
            self.state_change.call(|callback| callback(state));
        }
        if state == DataChannelState::Closed {
            self.state_change.set(None);
            self.message.set(None);
            self.buffered_amount_change.set(None);
        }
    }

    /// Takes in a message. Only called by the peer connection's task.
    pub(crate) fn receive(&self, data: Vec<u8>, binary: bool) {
        {
            let mut counters = self.counters.lock();
            counters.messages_received = counters.messages_received.wrapping_add(1);
            counters.bytes_received += data.len() as u64;
        }
        {
            let mut inbox = self.inbox.lock();
            if inbox.len() == INBOX_MESSAGES {
                log::warn!("data channel {}: nobody listens, oldest message dropped", self.label());
                inbox.pop_front();
            }
            inbox.push_back((data, binary));
        }
        self.deliver();
    }

    /// Hands on what the inbox holds. Only called by the peer connection's task.
    pub(crate) fn deliver(&self) {
        while self.message.is_set() {
            let Some((data, binary)) = self.inbox.lock().pop_front() else { break };
            self.message.call(|callback| callback(DataBuffer { data: &data, binary }));
        }
    }

    /// Tells the program that bytes have left the send buffer. Only called by the peer connection's task.
    pub(crate) fn report_drained(&self, bytes: u64) {
        self.buffered_amount_change.call(|callback| callback(bytes));
    }
}

/// Translates the interface's options.
///
/// # Errors
/// When an option is out of its range, or a negotiated channel has no id.
pub(crate) fn channel_config(label: &str, init: &DataChannelInit) -> Result<ChannelConfig, RtcError> {
    let in_range = |name: &str, value: i32| {
        u16::try_from(value)
            .map_err(|_| RtcError::invalid_state(format_args!("{name} {value} is out of range")))
    };
    let reliability = match (init.max_retransmit_time, init.max_retransmits) {
        (Some(lifetime), _) => {
            Reliability::MaxPacketLifetime { lifetime: in_range("max_retransmit_time", lifetime)? }
        }
        (None, Some(retransmits)) => {
            Reliability::MaxRetransmits { retransmits: in_range("max_retransmits", retransmits)? }
        }
        (None, None) => Reliability::Reliable,
    };
    let negotiated = if init.negotiated { Some(in_range("id", init.id)?) } else { None };
    Ok(ChannelConfig {
        label: label.to_owned(),
        ordered: init.ordered,
        reliability,
        negotiated,
        protocol: init.protocol.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_are_refused() {
        let mut init = DataChannelInit { negotiated: true, ..DataChannelInit::default() };
        assert!(channel_config("x", &init).is_err(), "a negotiated channel needs an id");
        init.id = 7;
        assert_eq!(channel_config("x", &init).unwrap().negotiated, Some(7));
        init.max_retransmits = Some(70_000);
        assert!(channel_config("x", &init).is_err());
    }

    #[test]
    fn messages_wait_for_a_listener_in_order() {
        let channel = Channel::new(Weak::new(), channel_config("x", &DataChannelInit::default()).unwrap());
        channel.receive(vec![1], true);
        channel.receive(vec![2], true);
        let (sender, receiver) = std::sync::mpsc::channel();
        channel.on_message(Some(Box::new(move |buffer| sender.send(buffer.data[0]).unwrap())));
        channel.receive(vec![3], true);
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn drained_bytes_are_reported_once() {
        let channel = Channel::new(Weak::new(), channel_config("x", &DataChannelInit::default()).unwrap());
        channel.count_written(100);
        assert_eq!(channel.note_buffered(100), 0);
        assert_eq!(channel.note_buffered(30), 70);
        assert_eq!(channel.note_buffered(30), 0);
        assert_eq!(channel.buffered_amount(), 30);
    }
}
