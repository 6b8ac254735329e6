// Tells the server the browser's time zone, in which times are shown unless the person chose one.
"use strict";

const zone = Intl.DateTimeFormat().resolvedOptions().timeZone; // letters, digits and / _ + -
const secure = location.protocol === "https:" ? "; secure" : "";
document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax${secure}`;
