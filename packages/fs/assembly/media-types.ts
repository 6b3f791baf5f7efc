/**
 * The media type that a name stands for, by its extension; empty: not known. Text is taken to be UTF-8.
 *
 * From the IANA registry and the WHATWG MIME Sniffing Standard: what servers are asked for. src/media-types.ts
 * has the same table for what is known when an image is built; a test compares them.
 */
export function mediaTypeOf(name: string): string {
  const dot = name.lastIndexOf(".");
  if (dot < 0 || name.length - dot > 12) return "";
  switch (lowerCase(name, dot + 1)) {
    case "html":
    case "htm":
      return "text/html; charset=utf-8";
    case "xhtml":
      return "application/xhtml+xml";
    case "css":
      return "text/css; charset=utf-8";
    case "js":
    case "mjs":
      return "text/javascript; charset=utf-8";
    case "json":
    case "map":
      return "application/json";
    case "jsonld":
      return "application/ld+json";
    case "webmanifest":
      return "application/manifest+json";
    case "xml":
      return "application/xml";
    case "atom":
      return "application/atom+xml";
    case "rss":
      return "application/rss+xml";
    case "txt":
      return "text/plain; charset=utf-8";
    case "md":
      return "text/markdown; charset=utf-8";
    case "csv":
      return "text/csv; charset=utf-8";
    case "ics":
      return "text/calendar; charset=utf-8";
    case "vtt":
      return "text/vtt; charset=utf-8";
    case "svg":
      return "image/svg+xml";
    case "png":
      return "image/png";
    case "jpg":
    case "jpeg":
      return "image/jpeg";
    case "gif":
      return "image/gif";
    case "webp":
      return "image/webp";
    case "avif":
      return "image/avif";
    case "jxl":
      return "image/jxl";
    case "ico":
      return "image/x-icon";
    case "bmp":
      return "image/bmp";
    case "tif":
    case "tiff":
      return "image/tiff";
    case "woff":
      return "font/woff";
    case "woff2":
      return "font/woff2";
    case "ttf":
      return "font/ttf";
    case "otf":
      return "font/otf";
    case "mp3":
      return "audio/mpeg";
    case "m4a":
      return "audio/mp4";
    case "ogg":
    case "oga":
    case "opus":
      return "audio/ogg";
    case "flac":
      return "audio/flac";
    case "wav":
      return "audio/wav";
    case "mp4":
    case "m4v":
      return "video/mp4";
    case "webm":
      return "video/webm";
    case "ogv":
      return "video/ogg";
    case "wasm":
      return "application/wasm";
    case "pdf":
      return "application/pdf";
    case "epub":
      return "application/epub+zip";
    case "rtf":
      return "application/rtf";
    case "zip":
      return "application/zip";
    case "gz":
      return "application/gzip";
    case "tar":
      return "application/x-tar";
    case "bz2":
      return "application/x-bzip2";
    case "xz":
      return "application/x-xz";
    case "7z":
      return "application/x-7z-compressed";
    case "bin":
      return "application/octet-stream";
    default:
      return "";
  }
}

/** The end of a text, A to Z as a to z: the library's `toLowerCase` would bring tables of all Unicode, 5 kB. */
function lowerCase(text: string, from: i32): string {
  let lower = "";
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    lower += String.fromCharCode(<u32>(unit - 0x41) < 26 ? unit | 0x20 : unit);
  }
  return lower;
}
