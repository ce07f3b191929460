//! Files: whose they are, for how long a link holds, what their bytes say, and what becomes of those that nobody wants.

use antiphon_app::files::{FileError, FileOwner, Link, Served, thumbnail_path};
use antiphon_app::ports::bus::{Announcement, Heard, Topic};
use antiphon_app::ports::{Blobs, Clock, Store};
use antiphon_app::publish::{DialogRef, Publish, PublishError, PublishErrorKind};
use antiphon_app::{Caller, ConsumerCaller};
use antiphon_domain::id::DialogNumber;
use antiphon_domain::{AccountSettings, Audience, Content, Conversation, Event, EventBody, FileId, FileState};
use antiphon_testkit::TestApp;
use bytes::Bytes;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use std::io::Cursor;

const HOUR_MS: i64 = 3_600_000;

fn picture(format: ImageFormat, width: u32, height: u32) -> Bytes {
    let mut bytes = Cursor::new(Vec::new());
    let pixels = RgbImage::from_fn(width, height, |x, y| Rgb([(x % 251) as u8, (y % 241) as u8, 90]));
    DynamicImage::ImageRgb8(pixels).write_to(&mut bytes, format).expect("it encodes");
    bytes.into_inner().into()
}

async fn put(test: &TestApp, link: &Link, bytes: Bytes) -> Result<(), FileError> {
    let upload = test.app.check_upload(&link.path, &link.signature, &link.expires_s.to_string()).await?;
    test.app.put_file(upload, bytes).await
}

async fn get(test: &TestApp, link: &Link) -> Result<Served, FileError> {
    test.app.get_file(&link.path, &link.signature, &link.expires_s.to_string()).await
}

/// Uploads bytes as a PNG, whatever they are, and gives their path.
async fn upload(test: &TestApp, owner: &FileOwner<'_>, bytes: Bytes) -> Result<String, FileError> {
    let link = test.app.upload_link(owner, "PNG", bytes.len() as u64).await?;
    put(test, &link, bytes).await.map(|()| link.path)
}

fn show(conversation: &Conversation, path: &str, preview: Option<&str>) -> Publish {
    Publish {
        dialog: DialogRef::main(conversation.id),
        audience: Audience::All,
        body: EventBody::Content(Content::File {
            file: FileId(0),
            path: path.into(),
            caption: "see".into(),
            file_type: "PNG".into(),
            preview: preview.map(Into::into),
        }),
        metadata: None,
        client_message_id: None,
    }
}

async fn last_event(test: &TestApp, conversation: &Conversation) -> Event {
    let events = test.store.events(&test.account(), conversation.id, DialogNumber::MAIN, 0, 100).await.expect("reads");
    events.into_iter().next_back().expect("an event")
}

/// A consumer of our own protocols with an open conversation that an agent has.
async fn talk(test: &TestApp, name: &str, login: &str) -> (ConsumerCaller, Caller, Conversation) {
    let consumer = test.consumer(name);
    // The least loaded agent is asked first: the one who has just come.
    let agent = test.arrive(login).await;
    test.open(&consumer).await;
    let conversation = test.accept(&agent).await;
    (consumer, agent, (*conversation).clone())
}

#[tokio::test]
async fn a_consumers_picture_is_what_its_bytes_are_and_comes_with_small_copies() {
    let test = TestApp::start().await;
    let (kim, agent, it) = talk(&test, "kim", "agent1").await;
    let photo = picture(ImageFormat::Jpeg, 1_200, 600);
    let path = upload(&test, &FileOwner::Consumer(&kim), photo.clone()).await.expect("a JPEG that calls itself PNG");
    test.app.publish_as_consumer(&kim, show(&it, &path, None)).await.expect("publishes");
    let EventBody::Content(Content::File { file_type, preview: Some(preview), .. }) = last_event(&test, &it).await.body else {
        panic!("a file with a preview")
    };
    assert_eq!(&*file_type, "JPEG", "the name is put right");
    assert!(preview.starts_with("data:image/jpeg;base64,") && preview.len() <= 30 * 1024);

    let reader = FileOwner::User(&agent);
    let whole = get(&test, &test.app.download_link(&reader, &path).await.expect("a link")).await.expect("gets");
    assert_eq!((whole.bytes, whole.content_type.as_str()), (photo, "image/jpeg"));
    let small = test.app.download_link(&reader, &thumbnail_path(&path)).await.expect("a link");
    let small = get(&test, &small).await.expect("gets");
    assert_eq!(small.content_type, "image/jpeg");
    let small = image::load_from_memory(&small.bytes).expect("a picture");
    assert_eq!((small.width(), small.height()), (480, 240));
    let file = test.store.file(&test.account(), &path).await.expect("reads").expect("is there").picture.expect("a picture");
    assert_eq!((file.width, file.height, file.thumbnail), (1_200, 600, true));
}

#[tokio::test]
async fn a_preview_that_is_given_is_kept_if_it_is_one() {
    let test = TestApp::start().await;
    let (kim, _, it) = talk(&test, "kim", "agent1").await;
    let path = upload(&test, &FileOwner::Consumer(&kim), picture(ImageFormat::Png, 20, 20)).await.expect("uploads");
    let preview = async |given: &str| {
        test.app.publish_as_consumer(&kim, show(&it, &path, Some(given))).await?;
        let EventBody::Content(Content::File { preview: Some(preview), .. }) = last_event(&test, &it).await.body else {
            panic!("a file with a preview")
        };
        Ok::<String, PublishError>(preview.to_string())
    };
    assert_eq!(preview("data:image/png;base64,iVBORw0KGgo=").await.as_deref(), Ok("data:image/png;base64,iVBORw0KGgo="));
    for loads_something in ["https://elsewhere.test/pixel.png", "data:image/svg+xml;base64,PHN2Zz4="] {
        assert!(preview(loads_something).await.expect("publishes").starts_with("data:image/jpeg;base64,"), "ours in its place");
    }
    let large = format!("data:image/png;base64,{}", "A".repeat(60 << 10));
    let refused = preview(&large).await.expect_err("too large");
    assert_eq!(refused.kind, PublishErrorKind::BadFile);
    assert!(refused.message.contains("preview") && refused.message.contains("30720"), "{refused}");
    // A small picture is its own thumbnail.
    let link = test.app.download_link(&FileOwner::Consumer(&kim), &thumbnail_path(&path)).await.expect("a link");
    assert_eq!(link.path, path);
}

#[tokio::test]
async fn a_link_holds_for_a_minute_for_one_path_and_one_purpose() {
    let test = TestApp::start().await;
    let kim = test.consumer("kim");
    let owner = FileOwner::Consumer(&kim);
    let bytes = picture(ImageFormat::Png, 4, 4);
    let link = test.app.upload_link(&owner, "png", 5).await.expect("a link");
    let other = test.app.upload_link(&owner, "PNG", 5).await.expect("a link");
    assert_eq!((link.signature.len(), link.path.starts_with("/v1/AUTH_async-images/12/")), (40, true));
    for wrong in [
        Link { signature: "0".repeat(40), ..link.clone() },
        Link { signature: link.signature[..39].to_owned(), ..link.clone() },
        Link { signature: String::new(), ..link.clone() },
        Link { signature: other.signature.clone(), ..link.clone() },
        Link { path: other.path.clone(), ..link.clone() },
        Link { expires_s: link.expires_s + 1, ..link.clone() },
    ] {
        assert_eq!(put(&test, &wrong, bytes.clone()).await, Err(FileError::BadLink), "{wrong:?}");
    }
    assert_eq!(get(&test, &link).await.map(|_| ()), Err(FileError::BadLink), "a link to write is none to read");
    test.clock.advance(59_999);
    put(&test, &link, bytes.clone()).await.expect("still holds");
    assert_eq!(put(&test, &link, bytes.clone()).await, Err(FileError::BadLink), "it takes one file");
    let read = test.app.download_link(&owner, &link.path).await.expect("a link");
    assert_eq!(put(&test, &Link { path: other.path.clone(), ..read.clone() }, bytes.clone()).await, Err(FileError::BadLink));
    test.clock.advance(60_000);
    assert_eq!(get(&test, &read).await.map(|_| ()), Err(FileError::BadLink), "it has ended");
    assert_eq!(put(&test, &other, bytes).await, Err(FileError::BadLink), "it has ended");
}

#[tokio::test]
async fn what_bytes_show_is_refused_where_it_is_not_taken() {
    let test = TestApp::start().await;
    let (kim, agent) = (test.consumer("kim"), test.caller("agent1"));
    let (consumer, user) = (FileOwner::Consumer(&kim), FileOwner::User(&agent));
    let page = Bytes::from_static(b"<html><script>alert(document.cookie)</script></html>");
    let program = Bytes::from_static(b"MZ\x90\x00\x03\x00\x00\x00\x04");
    let pdf = Bytes::from_static(b"%PDF-1.7 ...");
    for (owner, bytes, taken) in
        [(&consumer, &page, false), (&consumer, &program, false), (&consumer, &pdf, false), (&user, &program, false), (&user, &pdf, true)]
    {
        let outcome = upload(&test, owner, bytes.clone()).await;
        assert_eq!(outcome.is_ok(), taken, "{outcome:?}");
        assert!(taken || matches!(outcome, Err(FileError::BadType(_))), "{outcome:?}");
    }
    // What an agent sends as text is served as text, to be kept, never to be run.
    let path = upload(&test, &user, page).await.expect("text is taken of agents");
    let link = test.app.download_link(&user, &path).await.expect("a link");
    assert_eq!(get(&test, &link).await.expect("gets").content_type, "text/plain");
    for wanted in ["PDF", "EXE", "SVG", ""] {
        assert!(matches!(test.app.upload_link(&consumer, wanted, 1).await, Err(FileError::BadType(_))), "{wanted}");
    }
    // A refused body does not use the link up.
    let link = test.app.upload_link(&consumer, "PNG", 5).await.expect("a link");
    assert!(put(&test, &link, pdf).await.is_err());
    put(&test, &link, picture(ImageFormat::Gif, 3, 3)).await.expect("the right one this time");
}

#[tokio::test]
async fn sizes_are_bounded_as_the_account_says() {
    let test = TestApp::start().await;
    let (kim, agent) = (test.consumer("kim"), test.caller("agent1"));
    let three_mib = 3 << 20;
    assert_eq!(test.app.upload_link(&FileOwner::Consumer(&kim), "PNG", three_mib + 1).await, Err(FileError::TooLarge(three_mib)));
    test.app.upload_link(&FileOwner::User(&agent), "PNG", three_mib + 1).await.expect("agents may more");
    let link = test.app.upload_link(&FileOwner::Consumer(&kim), "PNG", 5).await.expect("a link");
    let mut lie = picture(ImageFormat::Png, 4, 4).to_vec();
    lie.resize(usize::try_from(three_mib).expect("small") + 1, 0);
    assert_eq!(put(&test, &link, lie.into()).await, Err(FileError::TooLarge(three_mib)), "whatever was announced");

    let settings = AccountSettings { consumer_file_kib: 1, agent_file_kib: 2, ..AccountSettings::default() };
    let test = TestApp::start_with(settings).await;
    assert_eq!(test.app.upload_link(&FileOwner::Consumer(&kim), "PNG", 1_025).await, Err(FileError::TooLarge(1_024)));
    assert_eq!(test.app.upload_link(&FileOwner::User(&agent), "PNG", 2_049).await, Err(FileError::TooLarge(2_048)));
    let test = TestApp::start_with(AccountSettings { file_sharing: false, ..AccountSettings::default() }).await;
    assert_eq!(test.app.upload_link(&FileOwner::Consumer(&kim), "PNG", 1).await, Err(FileError::SwitchedOff));
}

#[tokio::test]
async fn a_file_is_had_by_its_owner_and_by_who_sees_it_shown() {
    let test = TestApp::start().await;
    let (kim, agent, it) = talk(&test, "kim", "agent1").await;
    let (lee, colleague, other) = talk(&test, "lee", "agent2").await;
    let manager = test.caller("manager1");
    let has = async |owner: FileOwner<'_>, path: &str| match test.app.download_link(&owner, path).await {
        Ok(link) => {
            get(&test, &link).await.expect("gets");
            true
        }
        Err(FileError::NotFound) => false,
        Err(error) => panic!("{error}"),
    };
    let who_has = async |path: &str| {
        (
            has(FileOwner::Consumer(&kim), path).await,
            has(FileOwner::Consumer(&lee), path).await,
            has(FileOwner::User(&agent), path).await,
            has(FileOwner::User(&colleague), path).await,
            has(FileOwner::User(&manager), path).await,
        )
    };
    let of_kim = upload(&test, &FileOwner::Consumer(&kim), picture(ImageFormat::Png, 500, 500)).await.expect("uploads");
    assert_eq!(who_has(&of_kim).await, (true, false, false, false, true), "not shown yet");
    assert_eq!(who_has(&thumbnail_path(&of_kim)).await, (true, false, false, false, true), "and so its thumbnail");
    let stolen = test.app.publish_as_consumer(&lee, show(&other, &of_kim, None)).await;
    assert_eq!(stolen.map_err(|error| error.kind), Err(PublishErrorKind::BadFile), "another's file is not there");
    test.app.publish_as_consumer(&kim, show(&it, &of_kim, None)).await.expect("publishes");
    assert_eq!(who_has(&of_kim).await, (true, false, true, false, true));

    let of_agent = upload(&test, &FileOwner::User(&agent), picture(ImageFormat::Png, 4, 4)).await.expect("uploads");
    assert!(!has(FileOwner::User(&colleague), &of_agent).await, "a colleague's draft");
    let private = Publish { audience: Audience::AgentsAndManagers, ..show(&it, &of_agent, None) };
    test.app.publish(&agent, private).await.expect("a note");
    assert_eq!(who_has(&of_agent).await, (false, false, true, false, true), "a private note is not for the consumer");
    test.app.publish(&agent, show(&it, &of_agent, None)).await.expect("publishes");
    assert_eq!(who_has(&of_agent).await, (true, false, true, false, true), "shown to everybody as well");
    test.app.update(&agent, it.id, vec![antiphon_app::update::FieldChange::Close { cause: None }]).await.expect("closes");
    assert!(has(FileOwner::Consumer(&kim), &of_agent).await, "also after the end");
    let missing = test.app.download_link(&FileOwner::Consumer(&kim), "/v1/AUTH_async-images/12/../13/x.PNG").await;
    assert_eq!(missing, Err(FileError::NotFound));
}

#[tokio::test]
async fn what_nobody_publishes_lapses_and_goes_with_all_that_belongs_to_it() {
    let test = TestApp::start().await;
    let (kim, _, it) = talk(&test, "kim", "agent1").await;
    let owner = FileOwner::Consumer(&kim);
    let shown = upload(&test, &owner, picture(ImageFormat::Png, 600, 10)).await.expect("uploads");
    test.app.publish_as_consumer(&kim, show(&it, &shown, None)).await.expect("publishes");
    let forgotten = upload(&test, &owner, picture(ImageFormat::Png, 600, 10)).await.expect("uploads");
    test.app.upload_link(&owner, "PNG", 5).await.expect("a link that nobody uses");
    // Bytes whose row is gone, and something that is not of our making.
    for key in ["/v1/AUTH_async-images/12/gone.PNG", "/v1/AUTH_async-images/12/gone.PNG.thumbnail.JPEG", "/backups/of-somebody.tar"] {
        test.blobs.put(key, Bytes::from_static(b"x")).await.expect("writes");
    }
    assert_eq!(test.blobs.keys().len(), 7);

    // A process that ends in between has forgotten where it was, and begins anew.
    let test = test.restart().await;
    test.clock.advance(24 * HOUR_MS + 1);
    let late = test.app.publish_as_consumer(&kim, show(&it, &forgotten, None)).await.expect_err("too late");
    assert!(late.message.contains("upload it again"), "{late}");
    let left = ["/backups/of-somebody.tar".to_owned(), shown.clone(), thumbnail_path(&shown)];
    while test.blobs.keys() != left || !test.store.unshown_files(test.clock.now(), 10).await.expect("reads").is_empty() {
        test.clock.advance(60_000);
        tokio::task::yield_now().await;
    }
    assert_eq!(test.store.file(&test.account(), &forgotten).await.expect("reads"), None);
    // More walks find nothing more.
    for _ in 0..200 {
        test.clock.advance(60_000);
        tokio::task::yield_now().await;
        test.store.ready().await.expect("reads");
    }
    assert_eq!(test.blobs.keys(), left);
    let kept = test.store.file(&test.account(), &shown).await.expect("reads").expect("is there");
    assert_eq!(kept.state, FileState::Ready);
}

#[tokio::test]
async fn a_picture_that_a_channel_brings_has_small_copies_too() {
    let test = TestApp::start().await;
    let mut photo = antiphon_testkit::net::answer(200, "").expect("an answer");
    photo.body = picture(ImageFormat::Jpeg, 900, 900);
    test.net.then(Ok(photo));
    let mut listener = test.listen(Topic::Account(test.account()));
    test.receive("picture m1 +1 http://vendor.test/photo").await;
    let file = TestApp::hear(&mut listener, |heard| match heard {
        Heard::That(Announcement::File(file)) => Some(file),
        _ => None,
    })
    .await;
    assert_eq!((file.state.clone(), file.content_type.as_deref()), (FileState::Ready, Some("image/jpeg")));
    assert_eq!(file.picture.as_ref().map(|picture| (picture.width, picture.height, picture.thumbnail)), Some((900, 900, true)));
    assert_eq!(test.blobs.keys(), [file.path.clone(), thumbnail_path(&file.path)]);
}
