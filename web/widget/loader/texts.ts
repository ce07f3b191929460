/** What the button says, which stands on the page itself. */
import type { Language } from "../shared/language";

interface ButtonTexts {
  open: string;
  close: string;
  /** How many messages are new; `{n}` is the number. */
  unread: string;
  /** The frame's name. */
  window: string;
}

export const TEXTS: Record<Language, ButtonTexts> = {
  ar: { open: "فتح المحادثة", close: "إغلاق المحادثة", unread: "رسائل جديدة: {n}", window: "محادثة" },
  de: { open: "Chat öffnen", close: "Chat schließen", unread: "neue Nachrichten: {n}", window: "Chat" },
  en: { open: "Open chat", close: "Close chat", unread: "new messages: {n}", window: "Chat" },
  es: { open: "Abrir el chat", close: "Cerrar el chat", unread: "mensajes nuevos: {n}", window: "Chat" },
  fr: { open: "Ouvrir le chat", close: "Fermer le chat", unread: "nouveaux messages : {n}", window: "Chat" },
  he: { open: "פתיחת הצ׳אט", close: "סגירת הצ׳אט", unread: "הודעות חדשות: {n}", window: "צ׳אט" },
  it: { open: "Apri la chat", close: "Chiudi la chat", unread: "nuovi messaggi: {n}", window: "Chat" },
  ja: { open: "チャットを開く", close: "チャットを閉じる", unread: "新着メッセージ：{n}", window: "チャット" },
  nl: { open: "Chat openen", close: "Chat sluiten", unread: "nieuwe berichten: {n}", window: "Chat" },
  pl: { open: "Otwórz czat", close: "Zamknij czat", unread: "nowe wiadomości: {n}", window: "Czat" },
  pt: { open: "Abrir o chat", close: "Fechar o chat", unread: "novas mensagens: {n}", window: "Chat" },
  tr: { open: "Sohbeti aç", close: "Sohbeti kapat", unread: "yeni mesajlar: {n}", window: "Sohbet" },
};
