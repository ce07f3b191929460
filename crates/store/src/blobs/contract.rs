//! What every file store must do; one suite for all of them. It wants an empty one.

use antiphon_app::ports::Blobs;
use bytes::Bytes;

/// Plays all of it.
///
/// # Panics
/// Where the file store breaks a promise.
pub async fn check(blobs: &dyn Blobs) {
    bytes_come_back_until_they_are_deleted(blobs).await;
    keys_that_lead_elsewhere_are_refused(blobs).await;
    keys_are_listed_in_order_page_by_page(blobs).await;
}

async fn bytes_come_back_until_they_are_deleted(blobs: &dyn Blobs) {
    let key = "/v1/AUTH_async-images/acc/photo-1.jpg";
    assert_eq!(blobs.get(key).await.expect("reads"), None);
    for bytes in [Bytes::from_static(b"one"), Bytes::from_static(b"two"), Bytes::new(), Bytes::from(vec![7; 3 << 20])] {
        blobs.put(key, bytes.clone()).await.expect("writes");
        assert_eq!(blobs.get(key).await.expect("reads"), Some(bytes), "the last one written");
    }
    blobs.delete(key).await.expect("deletes");
    blobs.delete(key).await.expect("a missing key is no error");
    assert_eq!(blobs.get(key).await.expect("reads"), None);
}

async fn keys_that_lead_elsewhere_are_refused(blobs: &dyn Blobs) {
    let long = "x".repeat(super::SEGMENT + 1);
    let deep = "/a".repeat(super::SEGMENTS + 1);
    for key in ["", "/", "/a/../b", "..", "/a//b", "/a/./b", "/.unfinished/0", "a\\b", "/a/b\0", "/ä", "/a b", "//etc/passwd", &long, &deep]
    {
        assert!(blobs.put(key, Bytes::from_static(b"x")).await.is_err(), "{key:?}");
        assert!(blobs.get(key).await.is_err(), "{key:?}");
        assert!(blobs.delete(key).await.is_err(), "{key:?}");
    }
    assert_eq!(blobs.list(None, 10).await.expect("lists"), Vec::new(), "nothing was written");
}

async fn keys_are_listed_in_order_page_by_page(blobs: &dyn Blobs) {
    // A slash sorts after a full stop and before a digit.
    let keys = ["/v1/a.b", "/v1/a/1", "/v1/a/2/x", "/v1/a/2_", "/v1/a0", "/v2/z", "/v2/z-1"];
    for key in keys.iter().rev() {
        blobs.put(key, Bytes::from_static(b"x")).await.expect("writes");
    }
    let mut expected: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    expected.sort();
    for limit in [1, 2, 3, 100] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = blobs.list(after.as_deref(), limit).await.expect("lists");
            assert!(page.len() <= limit, "{limit}");
            assert!(page.iter().all(|blob| blob.written_at.0 > 0), "each says when it was written");
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            seen.extend(page.into_iter().map(|blob| blob.key));
        }
        assert_eq!(seen, expected, "{limit} a page");
    }
    let between: Vec<String> = blobs.list(Some("/v1/a/15"), 2).await.expect("lists").into_iter().map(|blob| blob.key).collect();
    assert_eq!(between, ["/v1/a/2/x", "/v1/a/2_"], "after a key that is not there");
    for key in keys {
        blobs.delete(key).await.expect("deletes");
    }
    assert_eq!(blobs.list(None, 10).await.expect("lists"), Vec::new());
}
