// What the pages do beyond links and forms: times in the viewer's zone, copying, the theme switch.
import { offerCopying } from "./copy.js";
import { offerDialogs } from "./dialog.js";
import { goLive } from "./live.js";
import { offerPickers } from "./picker.js";
import { offerKeys } from "./keys.js";
import { offerThemes } from "./theme.js";
import { offerPairs } from "./pairs.js";
import { showTimes } from "./times.js";
import { offerUploads } from "./upload.js";

showTimes(document);
offerCopying(document);
offerKeys(document);
offerThemes(document);
offerPickers(document);
offerDialogs(document);
offerPairs(document);
offerUploads(document);
goLive();
document.addEventListener("htmx:load", (event) => {
  showTimes(event.detail.elt);
  offerPickers(event.detail.elt);
});
// On a narrow screen the rail is a bar that scrolls: where one is, is shown.
const here = document.querySelector(".rail [aria-current]");
if (here) here.closest("nav").scrollLeft = here.offsetLeft - here.closest("nav").clientWidth / 2;
