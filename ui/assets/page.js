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
  "Selected values": "Choix",
  "Clear all": "Tout retirer",
  "Open": "Ouvrir la liste",
  "Copy to clipboard": "Copier",
  "Copied": "Copié",
};
const REMOVE = "Remove ";

function rename(root) {
  for (const element of root.querySelectorAll("[aria-label], [title]")) {
    for (const attribute of ["aria-label", "title"]) {
      const theirs = element.getAttribute(attribute) || "";
      const isRemoval = theirs.startsWith(REMOVE) && element.tagName === "BUTTON";
      const french = isRemoval ? `Retirer ${theirs.slice(REMOVE.length)}` : NAMES[theirs];
      if (french) element.setAttribute(attribute, french);
    }
  }
  const skip = root.querySelector('a[href="#stMain"]');
  if (skip && skip.textContent === "Skip to main content") skip.textContent = "Aller au contenu";
}

function translate(texts) {
  for (const dialog of document.querySelectorAll('[role="dialog"]')) {
    const walker = document.createTreeWalker(dialog, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const french = texts[walker.currentNode.nodeValue.trim()];
      if (french) walker.currentNode.nodeValue = french;
    }
  }
}

export default function ({ data }) {
  const act = () => {
    rename(document);
    translate(data.texts);
  };
  document.documentElement.lang = "fr";
  act();
  const observer = new MutationObserver(act);
  observer.observe(document.body, { childList: true, subtree: true });
  return () => observer.disconnect();
}
