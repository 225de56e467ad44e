//! End-to-end encryption of frames and data. Not supported: keys are kept, using them is an error.

use std::{
    collections::HashMap,
    error::Error,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI32, Ordering},
    },
};

use parking_lot::Mutex;

use crate::{
    RtcError, native::packet_trailer::PacketTrailerHandler, peer_connection_factory::PeerConnectionFactory,
    rtp_receiver::RtpReceiver, rtp_sender::RtpSender,
};

/// Told of a participant's encryption state.
pub type OnStateChange = Box<dyn FnMut(String, EncryptionState) + Send + Sync>;

/// How keys are derived from secrets.
#[derive(Copy, Clone, Debug)]
#[non_exhaustive]
pub enum KeyDerivationAlgorithm {
    /// RFC 8018.
    PBKDF2,
    /// RFC 5869.
    HKDF,
}

/// Options of a [`KeyProvider`].
#[derive(Debug, Clone)]
pub struct KeyProviderOptions {
    /// One key for all participants.
    pub shared_key: bool,
    /// How many ratchet steps a receiver tries.
    pub ratchet_window_size: i32,
    /// Salt of the ratchet.
    pub ratchet_salt: Vec<u8>,
    /// How many failures are tolerated; negative for any number.
    pub failure_tolerance: i32,
    /// Number of keys held per participant.
    pub key_ring_size: i32,
    /// How keys are derived.
    pub key_derivation_algorithm: KeyDerivationAlgorithm,
}

/// A cipher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncryptionAlgorithm {
    /// AES-GCM.
    AesGcm,
    /// AES-CBC.
    AesCbc,
}

/// State of a participant's encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncryptionState {
    /// Nothing was tried yet.
    New,
    /// It works.
    Ok,
    /// Encrypting failed.
    EncryptionFailed,
    /// Decrypting failed.
    DecryptionFailed,
    /// There is no key.
    MissingKey,
    /// The key was ratcheted.
    KeyRatcheted,
    /// Something else failed; here: not supported.
    InternalError,
}

/// An encrypted data packet.
#[derive(Debug, Clone)]
pub struct EncryptedPacket {
    /// Ciphertext.
    pub data: Vec<u8>,
    /// Initialisation vector.
    pub iv: Vec<u8>,
    /// Index of the key.
    pub key_index: u32,
}

type Keys = HashMap<(Option<String>, i32), Vec<u8>>;

/// Holds keys. They can be read back; ratcheting is not supported.
#[derive(Clone)]
pub struct KeyProvider {
    keys: Arc<Mutex<Keys>>,
}

impl KeyProvider {
    /// An empty key ring. Options have no effect.
    pub fn new(options: KeyProviderOptions) -> Self {
        drop(options);
        Self { keys: Arc::default() }
    }

    /// Keeps the shared key.
    pub fn set_shared_key(&self, key_index: i32, key: Vec<u8>) -> bool {
        self.keys.lock().insert((None, key_index), key);
        true
    }

    /// Always `None`: not supported.
    pub fn ratchet_shared_key(&self, key_index: i32) -> Option<Vec<u8>> {
        let _ = key_index;
        None
    }

    /// The shared key, if set.
    pub fn get_shared_key(&self, key_index: i32) -> Option<Vec<u8>> {
        self.keys.lock().get(&(None, key_index)).cloned()
    }

    /// Keeps a participant's key.
    pub fn set_key(&self, participant_id: String, key_index: i32, key: Vec<u8>) -> bool {
        self.keys.lock().insert((Some(participant_id), key_index), key);
        true
    }

    /// Always `None`: not supported.
    pub fn ratchet_key(&self, participant_id: String, key_index: i32) -> Option<Vec<u8>> {
        let _ = (participant_id, key_index);
        None
    }

    /// A participant's key, if set.
    pub fn get_key(&self, participant_id: String, key_index: i32) -> Option<Vec<u8>> {
        self.keys.lock().get(&(Some(participant_id), key_index)).cloned()
    }

    /// Accepted without effect.
    pub fn set_sif_trailer(&self, trailer: Vec<u8>) {
        drop(trailer);
    }
}

struct CryptorState {
    participant_id: String,
    enabled: AtomicBool,
    key_index: AtomicI32,
    handler: Mutex<Option<OnStateChange>>,
}

/// Would encrypt the frames of one sender or receiver; enabling it reports [`EncryptionState::InternalError`].
///
/// Frames are NOT encrypted. A room that asks for encryption fails visibly on its data channel, and
/// its encryption state says so.
#[derive(Clone)]
pub struct FrameCryptor {
    state: Arc<CryptorState>,
}

impl FrameCryptor {
    fn new(participant_id: String) -> Self {
        Self {
            state: Arc::new(CryptorState {
                participant_id,
                enabled: AtomicBool::new(false),
                key_index: AtomicI32::new(0),
                handler: Mutex::default(),
            }),
        }
    }

    /// A cryptor for a sender.
    pub fn new_for_rtp_sender(
        peer_factory: &PeerConnectionFactory,
        participant_id: String,
        algorithm: EncryptionAlgorithm,
        key_provider: KeyProvider,
        sender: RtpSender,
    ) -> Self {
        let _ = (peer_factory, algorithm, key_provider);
        // Sending in the clear what was meant to be encrypted is the one thing not to do.
        sender.inner.block_sending();
        Self::new(participant_id)
    }

    /// A cryptor for a receiver.
    pub fn new_for_rtp_receiver(
        peer_factory: &PeerConnectionFactory,
        participant_id: String,
        algorithm: EncryptionAlgorithm,
        key_provider: KeyProvider,
        receiver: RtpReceiver,
    ) -> Self {
        let _ = (peer_factory, algorithm, key_provider, receiver);
        Self::new(participant_id)
    }

    /// Remembers the flag; enabling is answered with [`EncryptionState::InternalError`].
    pub fn set_enabled(self: &FrameCryptor, enabled: bool) {
        self.state.enabled.store(enabled, Ordering::Relaxed);
        if enabled {
            log::error!("frame encryption asked for {} is not supported", self.state.participant_id);
            let handler = self.state.handler.lock().take();
            if let Some(mut handler) = handler {
                handler(self.state.participant_id.clone(), EncryptionState::InternalError);
                self.state.handler.lock().get_or_insert(handler);
            }
        }
    }

    /// The flag last set.
    pub fn enabled(self: &FrameCryptor) -> bool {
        self.state.enabled.load(Ordering::Relaxed)
    }

    /// Remembers the index.
    pub fn set_key_index(self: &FrameCryptor, index: i32) {
        self.state.key_index.store(index, Ordering::Relaxed);
    }

    /// The index last set.
    pub fn key_index(self: &FrameCryptor) -> i32 {
        self.state.key_index.load(Ordering::Relaxed)
    }

    /// The participant the cryptor was made for.
    pub fn participant_id(self: &FrameCryptor) -> String {
        self.state.participant_id.clone()
    }

    /// Sets who is told of state changes.
    pub fn on_state_change(&self, handler: Option<OnStateChange>) {
        *self.state.handler.lock() = handler;
    }

    /// Accepted without effect.
    pub fn set_packet_trailer_handler(&self, handler: &PacketTrailerHandler) {
        let _ = handler;
    }
}

/// Would encrypt data packets; both ways are errors.
#[derive(Clone)]
pub struct DataPacketCryptor {
    algorithm: EncryptionAlgorithm,
}

impl fmt::Debug for DataPacketCryptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataPacketCryptor").field("algorithm", &self.algorithm).finish()
    }
}

impl DataPacketCryptor {
    /// A cryptor that refuses to work.
    pub fn new(algorithm: EncryptionAlgorithm, key_provider: KeyProvider) -> Self {
        drop(key_provider);
        Self { algorithm }
    }

    /// # Errors
    /// Always: not supported.
    pub fn encrypt(
        &self,
        participant_id: &str,
        key_index: u32,
        data: &[u8],
    ) -> Result<EncryptedPacket, Box<dyn Error>> {
        let _ = (participant_id, key_index, data);
        Err(Box::new(RtcError::unsupported("end-to-end encryption of data")))
    }

    /// # Errors
    /// Always: not supported.
    pub fn decrypt(
        &self,
        participant_id: &str,
        encrypted_packet: &EncryptedPacket,
    ) -> Result<Vec<u8>, Box<dyn Error>> {
        let _ = (participant_id, encrypted_packet);
        Err(Box::new(RtcError::unsupported("end-to-end encryption of data")))
    }
}
