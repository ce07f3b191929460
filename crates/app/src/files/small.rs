//! Small copies of pictures, made aside: one at a time, for so long, and a file without them is as good as before.

use crate::{App, Unavailable};
use antiphon_content::picture::{Shrunk, Unshrinkable, is_picture, shrink};
use antiphon_domain::StoredFile;
use antiphon_domain::file::Picture;
use bytes::Bytes;
use std::sync::Arc;

/// The end of a thumbnail's path, after its picture's.
const ENDING: &str = ".thumbnail.JPEG";
/// What a thumbnail is.
pub const THUMBNAIL_TYPE: &str = "image/jpeg";
/// How long a picture's small copies are waited for, in milliseconds; the wait for those before it counts.
const PATIENCE_MS: i64 = 15_000;

/// The path of a picture's thumbnail: that of a file of its own.
pub fn thumbnail_path(path: &str) -> String {
    format!("{path}{ENDING}")
}

/// The path of the picture, if this is the path of a thumbnail.
pub(crate) fn picture_of(path: &str) -> Option<&str> {
    path.strip_suffix(ENDING)
}

impl App {
    /// Makes the small copies of a file that its bytes show to be a picture, and keeps the thumbnail beside it.
    pub(super) async fn shrink_picture(&self, file: &mut StoredFile, bytes: &Bytes) -> Result<(), Unavailable> {
        let Some(media_type) = file.content_type.clone().filter(|media_type| is_picture(media_type)) else { return Ok(()) };
        let shrunk = match self.shrunk(bytes.clone(), media_type).await {
            Ok(shrunk) => shrunk,
            Err(why) => {
                metrics::counter!("antiphon_pictures_not_shrunk_total", "why" => why).increment(1);
                return Ok(());
            }
        };
        let Shrunk { width, height, thumbnail, preview } = shrunk;
        let has_thumbnail = thumbnail.is_some();
        if let Some(thumbnail) = thumbnail {
            let path = thumbnail_path(&file.path);
            self.blobs.put(&path, thumbnail.into()).await.map_err(|error| Unavailable(error.to_string()))?;
        }
        file.picture = Some(Picture { width, height, preview, thumbnail: has_thumbnail });
        Ok(())
    }

    async fn shrunk(&self, bytes: Bytes, media_type: String) -> Result<Shrunk, &'static str> {
        let shrinking = Arc::clone(&self.shrinking);
        let work = async move {
            let permit = shrinking.acquire_owned().await.map_err(|_| "stopping")?;
            let decode = move || {
                // Held until the decoder is done, even if nobody waits any more: one picture in memory at a time.
                let _permit = permit;
                shrink(&bytes, &media_type)
            };
            match tokio::task::spawn_blocking(decode).await {
                Ok(Ok(shrunk)) => Ok(shrunk),
                Ok(Err(Unshrinkable::Kind)) => Err("kind"),
                Ok(Err(Unshrinkable::TooLarge)) => Err("too_large"),
                Ok(Err(Unshrinkable::Damaged)) => Err("damaged"),
                Err(_) => Err("panic"),
            }
        };
        tokio::select! {
            shrunk = work => shrunk,
            () = self.clock.sleep_until(self.clock.now().plus_ms(PATIENCE_MS)) => Err("slow"),
        }
    }
}
