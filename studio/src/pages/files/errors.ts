// What can be wrong with a recording, before the work and in it.
import { ApiError } from '../../api/errors.ts';
import { duration, messages } from '../../i18n/index.ts';

const text = messages(
  {
    unsupported_media_type: 'This kind of file is not taken. Send sound such as WAV, MP3 or M4A, or where films are taken, an MP4 or MOV film.',
    broken_audio: 'The sound cannot be read: it is damaged, incomplete or of an unusual kind.',
    broken_film: 'The film cannot be read: it is damaged, or its picture is neither H.264 nor HEVC.',
    file_too_demanding: 'This file takes too much work to read. Save it in another format.',
    decoders_busy: 'Others are being served right now. Try again in a moment.',
    file_changed: 'This file was changed or moved while it was being sent. Choose it again.',
    upload_has_other_size: 'This file was changed while it was being sent. Choose it again.',
    upload_not_found: 'This upload has ended. Try again to start over.',
    quota_exceeded: 'There is no room for it. Delete a file or an unfinished upload first.',
    file_not_found: 'This file is no longer there.',
    sound_missing: 'The recording was deleted before the work was done. Nothing was charged.',
    nothing_said: 'Nobody speaks in it. Nothing was charged.',
    transcriber_not_configured: 'This server does not recognise speech.',
    translator_not_configured: 'This server does not translate.',
    same_language: 'It is in this language already. Choose another one.',
    too_many_jobs: 'Enough of your work is waiting already. Try again when some of it is done.',
    tooLong: (most: number) => `It is too long: at most ${duration(most)}.`,
  },
  {
    unsupported_media_type: 'هذا النوع من الملفات غير مقبول. أرسل صوتًا مثل WAV أو MP3 أو M4A، أو فيلم MP4 أو MOV حيث تُقبل الأفلام.',
    broken_audio: 'تعذّرت قراءة الصوت: إنه تالف أو ناقص أو من نوع غير معتاد.',
    broken_film: 'تعذّرت قراءة الفيلم: إنه تالف، أو صورته ليست H.264 ولا HEVC.',
    file_too_demanding: 'قراءة هذا الملف تتطلب جهدًا كبيرًا. احفظه بصيغة أخرى.',
    decoders_busy: 'يُخدم آخرون الآن. حاول مجددًا بعد قليل.',
    file_changed: 'تغيّر هذا الملف أو نُقل أثناء إرساله. اختره من جديد.',
    upload_has_other_size: 'تغيّر هذا الملف أثناء إرساله. اختره من جديد.',
    upload_not_found: 'انتهى هذا الرفع. حاول مجددًا للبدء من جديد.',
    quota_exceeded: 'لا مكان له. احذف ملفًا أو رفعًا غير مكتمل أولًا.',
    file_not_found: 'لم يعد هذا الملف موجودًا.',
    sound_missing: 'حُذف التسجيل قبل انتهاء العمل. لم يُخصم شيء.',
    nothing_said: 'لا أحد يتكلم فيه. لم يُخصم شيء.',
    transcriber_not_configured: 'هذا الخادم لا يتعرّف على الكلام.',
    translator_not_configured: 'هذا الخادم لا يترجم.',
    same_language: 'هو بهذه اللغة أصلًا. اختر لغة أخرى.',
    too_many_jobs: 'لديك ما يكفي من الأعمال المنتظرة. حاول مجددًا عندما ينتهي بعضها.',
    tooLong: (most) => `إنه طويل: الحد الأقصى ${duration(most)}.`,
  },
);

/** The error with a sentence for whoever sent the recording, where there is a better one. */
export function recordingError(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  const t = text();
  const { code, status, requestId, details, retryAfter } = error;
  const most = Number(details.maximumSeconds);
  const known: unknown = code === 'recording_too_long' && most ? t.tooLong(most) : (t as Record<string, unknown>)[code];
  return typeof known === 'string' ? new ApiError(code, known, { status, requestId, details, retryAfter }) : error;
}

export const tooLong = (most: number): string => text().tooLong(most);
