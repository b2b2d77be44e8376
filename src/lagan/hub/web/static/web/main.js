// What the pages do beyond links and forms: times in the viewer's zone, copying, the theme switch.
import { offerCopying } from "./copy.js";
import { offerDialogs } from "./dialog.js";
import { goLive } from "./live.js";
import { offerPickers } from "./picker.js";
import { offerKeys } from "./keys.js";
import { offerThemes } from "./theme.js";
import { showTimes } from "./times.js";

showTimes(document);
offerCopying(document);
offerKeys(document);
offerThemes(document);
offerPickers(document);
offerDialogs(document);
goLive();
document.addEventListener("htmx:load", (event) => {
  showTimes(event.detail.elt);
  offerPickers(event.detail.elt);
});
