// Command oidc is zitadel's example of an OpenID provider, until its standard input ends.
// On standard output it prints one line: its issuer. It listens on both loopback addresses, where there are both.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

type encoder interface {
	Encode(src any, dst map[string][]string) error
}

// denying answers an authorization request as a person does who is asked for consent and says no: the example's own pages
// have no such button.
func denying(requests op.AuthStorage, forms encoder) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		request, err := requests.AuthRequestByID(r.Context(), r.FormValue("id"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		no := oidc.ErrAccessDenied().WithDescription("the person said no")
		no.State = request.GetState()
		where, err := op.AuthResponseURL(
			request.GetRedirectURI(), request.GetResponseType(), request.GetResponseMode(), no, forms)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		http.Redirect(w, r, where, http.StatusFound)
	}
}

// listen takes a free port of 127.0.0.1, and the same of ::1 where the machine has that.
func listen() ([]net.Listener, int, error) {
	first, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, 0, err
	}
	port := first.Addr().(*net.TCPAddr).Port
	both := []net.Listener{first}
	if second, err := net.Listen("tcp6", fmt.Sprintf("[::1]:%d", port)); err == nil {
		both = append(both, second)
	}
	return both, port, nil
}

func main() {
	redirects := flag.String("redirects", "http://localhost/auth", "the redirect URIs of both clients, with commas between")
	user := flag.String("user", "", "the only user")
	password := flag.String("password", "", "and the password")
	flag.Parse()

	listeners, port, err := listen()
	if err != nil {
		log.Fatal(err)
	}
	issuer := fmt.Sprintf("http://localhost:%d", port)
	users, err := os.CreateTemp("", "oidc-users-")
	if err != nil {
		log.Fatal(err)
	}
	person := storage.User{ID: "id1", Username: *user, Password: *password, FirstName: "A", LastName: "Person"}
	if err := json.NewEncoder(users).Encode(map[string]storage.User{person.ID: person}); err != nil {
		log.Fatal(err)
	}
	people, err := storage.StoreFromFile(users.Name())
	os.Remove(users.Name())
	if err != nil {
		log.Fatal(err)
	}
	storage.RegisterClients(
		storage.NativeClient("native", strings.Split(*redirects, ",")...),
		storage.WebClient("web", "web-secret", strings.Split(*redirects, ",")...),
	)
	store := storage.NewStorage(people)
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	pages := http.NewServeMux()
	pages.Handle("/", exampleop.SetupServer(issuer, store, logger, false))
	pages.Handle("/deny", denying(store, oidc.NewEncoder()))
	for _, listener := range listeners {
		go func() { log.Fatal(http.Serve(listener, pages)) }()
	}
	fmt.Println(issuer)
	io.Copy(io.Discard, os.Stdin)
}
