//! The listener's certificate and key: the user's own where they lie in the folder, otherwise made at the first start.
//! Agents know the certificate by its fingerprint, so neither name nor date nor authority matters in it.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::{InconsistentKeys, ServerConfig, server::NoServerSessionStorage, sign::CertifiedKey};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use super::private_file;
use crate::net::tls::{Fingerprint, provider};

pub const CERTIFICATE_FILE: &str = "server-cert.pem";
pub const KEY_FILE: &str = "server-key.pem";
/// A chain of a few certificates takes 10 KB.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// Nobody looks at the name, but people see it in other tools.
const NAME: &str = "connmapperl";
/// TLS 1.3's tickets spare an agent one signature of ours when it comes again, some 0.1 ms, and cost us memory for each.
const TICKETS: usize = 0;

#[derive(Debug, thiserror::Error)]
pub enum CertificateFileError {
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, io::Error),
    #[error("cannot make {0}: {1}; neither certificate nor key was written")]
    Write(PathBuf, io::Error),
    #[error(
        "{there} has no {missing} beside it: put the one that belongs to it there, or move {there} away and both are \
         made anew (agents then need the new certificate)"
    )]
    HalfAPair { there: PathBuf, missing: &'static str },
    #[error(
        "{0} holds no certificate (PEM, \"BEGIN CERTIFICATE\"): put yours there, or move both it and {KEY_FILE} away and \
         they are made anew (agents then need the new certificate)"
    )]
    NoCertificate(PathBuf),
    #[error(
        "{0} holds no private key (PEM; PKCS#8, PKCS#1 or SEC1, without a password): put yours there, or move both it and \
         {CERTIFICATE_FILE} away and they are made anew (agents then need the new certificate)"
    )]
    NoKey(PathBuf),
    #[error(
        "others may read {0} (its mode is {1:04o}): `chmod 600` it, and think about whether it is still secret"
    )]
    ReadableByOthers(PathBuf, u32),
    #[error("the key in {key} does not belong to the certificate in {certificate}: put a pair there")]
    NoPair { certificate: PathBuf, key: PathBuf },
    #[error("{0} cannot be used: {1}")]
    Unusable(PathBuf, rustls::Error),
    #[error("cannot make a certificate: {0}")]
    Make(#[from] rcgen::Error),
}

/// A certificate with its key, fit to be used.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// What agents need to know.
    pub path: PathBuf,
    pub fingerprint: Fingerprint,
    pub(super) config: Arc<ServerConfig>,
}

impl Certificate {
    /// The pair in that folder; a new one where there is none.
    ///
    /// # Errors
    /// Each names the file, and what mends it.
    pub fn open_or_make(folder: &Path) -> Result<Self, CertificateFileError> {
        let (certificate, key) = (folder.join(CERTIFICATE_FILE), folder.join(KEY_FILE));
        let read = |path: &Path| {
            private_file::read(path, MAX_FILE_BYTES)
                .map_err(|error| CertificateFileError::Read(path.to_owned(), error))
        };
        match (read(&certificate)?, read(&key)?) {
            (Some(certificate_pem), Some(key_pem)) => {
                check_mode(&key)?;
                Self::of_pem(certificate, &certificate_pem, &key, &key_pem)
            }
            (Some(_), None) => Err(CertificateFileError::HalfAPair { there: certificate, missing: KEY_FILE }),
            (None, Some(_)) => Err(CertificateFileError::HalfAPair { there: key, missing: CERTIFICATE_FILE }),
            (None, None) => {
                let (certificate_pem, key_pem) = make()?;
                write(&certificate, &certificate_pem, &key, &key_pem)?;
                Self::of_pem(certificate, certificate_pem.as_bytes(), &key, key_pem.as_bytes())
            }
        }
    }

    fn of_pem(
        path: PathBuf,
        certificate_pem: &[u8],
        key_path: &Path,
        key_pem: &[u8],
    ) -> Result<Self, CertificateFileError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate_pem).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| CertificateFileError::NoCertificate(path.clone()))?;
        let key = PrivateKeyDer::from_pem_slice(key_pem)
            .map_err(|_| CertificateFileError::NoKey(key_path.to_owned()))?;
        let fingerprint = Fingerprint::of(&chain[0]);
        let provider = provider();
        let key = provider
            .key_provider
            .load_private_key(key)
            .map_err(|error| CertificateFileError::Unusable(key_path.to_owned(), error))?;
        let pair = CertifiedKey::new(chain, key);
        match pair.keys_match() {
            Ok(()) => {}
            Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
                return Err(CertificateFileError::NoPair { certificate: path, key: key_path.to_owned() });
            }
            Err(error) => return Err(CertificateFileError::Unusable(path, error)),
        }
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|error| CertificateFileError::Unusable(path.clone(), error))?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(pair)));
        config.send_tls13_tickets = TICKETS;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self { path, fingerprint, config: Arc::new(config) })
    }
}

fn check_mode(key: &Path) -> Result<(), CertificateFileError> {
    let metadata = fs::metadata(key).map_err(|error| CertificateFileError::Read(key.to_owned(), error))?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(CertificateFileError::ReadableByOthers(key.to_owned(), mode));
    }
    Ok(())
}

/// Certificate and key, PEM.
fn make() -> Result<(String, String), rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let certificate = CertificateParams::new([NAME.to_owned()])?.self_signed(&key)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

/// Both files lie on the disk whole before either is put in its place.
fn write(
    certificate: &Path,
    certificate_pem: &str,
    key: &Path,
    key_pem: &str,
) -> Result<(), CertificateFileError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| CertificateFileError::Write(path, error)
    };
    private_file::make_folder(key.parent().unwrap_or(Path::new("."))).map_err(failed(key))?;
    let prepared_key = private_file::prepare(key, key_pem.as_bytes()).map_err(failed(key))?;
    let prepared = private_file::prepare(certificate, certificate_pem.as_bytes());
    let prepared = prepared.map_err(failed(certificate))?;
    prepared_key.put(key).map_err(failed(key))?;
    if let Err(error) = prepared.put(certificate) {
        // Without its certificate the key is worth nothing, and would be in the way.
        let _ = fs::remove_file(key);
        return Err(failed(certificate)(error));
    }
    Ok(())
}

#[cfg(test)]
#[path = "certificate_tests.rs"]
mod tests;
