//! The bucket behind the file store's contract.

use antiphon_app::ports::Blobs;
use antiphon_store::blobs::{BucketBlobs, BucketKey, BucketSettings, contract};
use antiphon_testkit::bucket::{BUCKET, Bucket, KEY_ID, REGION, SECRET};
use bytes::Bytes;

fn settings(bucket: &Bucket, prefix: &str) -> BucketSettings {
    BucketSettings {
        bucket: BUCKET.to_owned(),
        region: REGION.to_owned(),
        endpoint: Some(bucket.endpoint()),
        prefix: prefix.to_owned(),
        key: Some(BucketKey { id: KEY_ID.to_owned(), secret: SECRET.to_owned() }),
        path_style: true,
        allow_http: true,
        extra_ca: None,
    }
}

#[tokio::test]
async fn a_bucket_keeps_the_contract() {
    let bucket = Bucket::start().await;
    contract::check(&BucketBlobs::open(&settings(&bucket, "")).expect("opens")).await;
    assert_eq!(bucket.refused(), 0, "every request is rightly signed");
}

#[tokio::test]
async fn a_shared_bucket_is_left_alone_beside_the_prefix() {
    let bucket = Bucket::start().await;
    let others = ["a-first", "ours", "ours-too/x", "z-last"];
    others.iter().for_each(|key| bucket.put(key, b"theirs"));
    let blobs = BucketBlobs::open(&settings(&bucket, "/ours/")).expect("opens");
    contract::check(&blobs).await;
    assert_eq!(bucket.keys(), others, "nothing else was touched");
    blobs.put("/v1/a/b.png", Bytes::from_static(b"x")).await.expect("writes");
    assert!(bucket.keys().contains(&"ours/v1/a/b.png".to_owned()));
}

#[tokio::test]
async fn faults_that_pass_are_waited_out_and_others_told_without_the_secret() {
    let bucket = Bucket::start().await;
    let blobs = BucketBlobs::open(&settings(&bucket, "")).expect("opens");
    bucket.fail(2);
    blobs.put("/v1/a", Bytes::from_static(b"x")).await.expect("tried again");
    let mut wrong = settings(&bucket, "");
    wrong.key = Some(BucketKey { id: KEY_ID.to_owned(), secret: format!("{SECRET}-of-another") });
    let refused = BucketBlobs::open(&wrong).expect("opens").get("/v1/a").await.expect_err("refused").to_string();
    assert!(refused.contains(BUCKET) && !refused.contains(SECRET), "{refused}");
    assert_eq!(bucket.refused(), 1);
    let mut strict = settings(&bucket, "");
    strict.allow_http = false;
    let refused = BucketBlobs::open(&strict).expect("opens").get("/v1/a").await.expect_err("plain http is off").to_string();
    assert!(!refused.contains(SECRET), "{refused}");
}
