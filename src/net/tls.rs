//! What both ends of an agent's link need of TLS: version 1.3 alone, and a certificate that is known by its SHA-256
//! fingerprint, so that neither a name nor a date nor an authority matters.

use std::{fmt, str::FromStr, sync::Arc};

use ring::digest::{SHA256, digest};
use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring as provider, verify_tls13_signature},
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};

/// SHA-256 over a certificate in DER.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    #[error("it holds no certificate (PEM, \"BEGIN CERTIFICATE\")")]
    NoCertificate,
    #[error("it is no certificate: {0}")]
    Malformed(String),
    #[error(
        "a fingerprint is 64 hexadecimal digits, with or without colons, as `openssl x509 -fingerprint -sha256` prints it"
    )]
    Fingerprint,
}

impl Fingerprint {
    pub fn of(certificate: &CertificateDer<'_>) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, certificate).as_ref());
        Self(bytes)
    }

    /// Of the first certificate of a PEM file.
    ///
    /// # Errors
    /// When there is none in it.
    pub fn of_pem(pem: &[u8]) -> Result<Self, CertificateError> {
        match CertificateDer::from_pem_slice(pem) {
            Ok(certificate) => Ok(Self::of(&certificate)),
            Err(rustls_pki_types::pem::Error::NoItemsFound) => Err(CertificateError::NoCertificate),
            Err(error) => Err(CertificateError::Malformed(error.to_string())),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = CertificateError;

    /// Takes what `openssl x509 -fingerprint -sha256` prints, the name before the `=` included.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let digits = text.rsplit_once('=').map_or(text, |(_, digits)| digits);
        let digits: Vec<u8> = digits.bytes().filter(|byte| *byte != b':').collect();
        let (pairs, rest) = digits.as_chunks::<2>();
        let bytes: Option<Vec<u8>> = pairs.iter().map(byte_from_hex).collect();
        let bytes = bytes.filter(|_| rest.is_empty()).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or(CertificateError::Fingerprint)
    }
}

fn byte_from_hex(pair: &[u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()
}

/// How an agent speaks TLS: 1.3 alone, and to nobody but the owner of that certificate's key.
///
/// # Errors
/// When the cryptography that is built in cannot do TLS 1.3, which no build has.
pub fn pinned_client_config(pin: Fingerprint) -> Result<ClientConfig, rustls::Error> {
    let provider = provider();
    let algorithms = provider.signature_verification_algorithms;
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(PinnedVerifier { pin, algorithms }))
        .with_no_client_auth();
    Ok(config)
}

/// The cryptography of both ends.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(provider::default_provider())
}

/// "Dangerous" it is called where names and dates do not count; here the fingerprint does, which is stricter. The
/// handshake's signature is checked as ever: whoever shows the certificate must have its key.
#[derive(Debug)]
struct PinnedVerifier {
    pin: Fingerprint,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for PinnedVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = Fingerprint::of(end_entity);
        if shown == self.pin {
            return Ok(ServerCertVerified::assertion());
        }
        Err(rustls::Error::General(format!(
            "the display shows another certificate than the one it should have: {shown}, not {}",
            self.pin
        )))
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("TLS 1.2 is not spoken here".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_as_openssl_prints_them() {
        let printed = format!("sha256 Fingerprint={}", ["AB"; 32].join(":"));
        assert_eq!(printed.parse(), Ok(Fingerprint([0xab; 32])));
        assert_eq!("ab".repeat(32).parse(), Ok(Fingerprint([0xab; 32])));
        for bad in ["", "ab", &"ab".repeat(33), &"xy".repeat(32), &format!("{}a", "ab".repeat(32))] {
            assert_eq!(bad.parse::<Fingerprint>(), Err(CertificateError::Fingerprint), "{bad}");
        }
    }

    #[test]
    fn an_empty_file_holds_no_certificate() {
        assert_eq!(Fingerprint::of_pem(b""), Err(CertificateError::NoCertificate));
        assert_eq!(Fingerprint::of_pem(b"hello\n"), Err(CertificateError::NoCertificate));
    }
}
