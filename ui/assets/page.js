// Tells the browser, and the screen reader, that the page is in French; names Streamlit's own controls.
const NAMES = {
  "Send message": "Envoyer la question",
  "Submit": "Envoyer la question",
  "Close": "Fermer",
  "Collapse sidebar": "Replier le menu",
  "Expand sidebar": "Déplier le menu",
  "Close sidebar": "Replier le menu",
  "Open sidebar": "Déplier le menu",
  "Main menu": "Menu",
  "Previous page": "Page précédente",
  "Next page": "Page suivante",
  "Pagination": "Pages",
  "Sidebar": "Menu",
  "Clear value": "Effacer",
  "Stop": "Arrêter",
};

function rename(root) {
  for (const element of root.querySelectorAll("[aria-label], [title]")) {
    for (const attribute of ["aria-label", "title"]) {
      const french = NAMES[element.getAttribute(attribute)];
      if (french) element.setAttribute(attribute, french);
    }
  }
  const skip = root.querySelector('a[href="#stMain"]');
  if (skip && skip.textContent === "Skip to main content") skip.textContent = "Aller au contenu";
}

export default function () {
  document.documentElement.lang = "fr";
  rename(document);
  const observer = new MutationObserver(() => rename(document));
  observer.observe(document.body, { childList: true, subtree: true });
  return () => observer.disconnect();
}
