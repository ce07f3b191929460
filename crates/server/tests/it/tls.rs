//! HTTPS with the private authority: a client that trusts `ca.pem` and nothing else gets through.

use crate::run::{Folder, Server, exchange};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

fn get(address: &str, ca: &Path, name: &str) -> Result<u16, String> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).expect("it was made")).expect("a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("good defaults");
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let mut client = ClientConnection::new(Arc::new(config), name).expect("a good configuration");
    let mut stream = TcpStream::connect(address).expect("it listens");
    client.complete_io(&mut stream).map_err(|error| error.to_string())?;
    Ok(exchange(StreamOwned::new(client, stream), address, "GET", "/healthz", "text/plain", "").0)
}

#[test]
fn clients_that_trust_the_private_authority_get_through() {
    let folder = Folder::new();
    let data = folder.path("data");
    let more = ["--tls-listen", "127.0.0.1:0", "--public-host", "chat.example:443"];
    let server = Server::start(&data, &more);
    let address = server.https.clone().expect("it listens with TLS");
    let ca = data.join("tls/ca.pem");
    for name in ["localhost", "127.0.0.1", "::1", "chat.example"] {
        assert_eq!(get(&address, &ca, name), Ok(200), "{name}");
    }
    assert!(get(&address, &ca, "other.example").is_err());
    // The authority stays over a restart, so clients go on trusting it.
    let before = std::fs::read(&ca).expect("it was made");
    assert_eq!(server.end(), Some(0));
    let server = Server::start(&data, &more);
    assert_eq!(std::fs::read(&ca).expect("still there"), before);
    assert_eq!(get(server.https.as_deref().expect("it listens with TLS"), &ca, "localhost"), Ok(200));
}
