import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.commons.net.ftp.FTP;
import org.apache.commons.net.ftp.FTPSClient;
import org.apache.commons.net.util.TrustManagerUtils;

/** Uploads a file under some names and reads each back: port, TLS version, user, password, file, names. */
public class CommonsNet {
    public static void main(String[] given) throws Exception {
        FTPSClient client = new FTPSClient("TLS", false);
        client.setTrustManager(TrustManagerUtils.getAcceptAllTrustManager());
        client.setEnabledProtocols(new String[] {given[1]});
        client.setDefaultTimeout(15000);
        client.connect("127.0.0.1", Integer.parseInt(given[0]));
        if (!client.login(given[2], given[3])) {
            throw new Exception(client.getReplyString());
        }
        client.execPBSZ(0);
        client.execPROT("P");
        client.setFileType(FTP.BINARY_FILE_TYPE);
        byte[] body = Files.readAllBytes(Path.of(given[4]));
        for (String name : Arrays.copyOfRange(given, 5, given.length)) {
            client.enterLocalPassiveMode();
            if (!client.storeFile(name, new ByteArrayInputStream(body))) {
                throw new Exception(name + ": " + client.getReplyString());
            }
            ByteArrayOutputStream found = new ByteArrayOutputStream();
            if (!client.retrieveFile(name, found)) {
                throw new Exception(name + ": " + client.getReplyString());
            }
            if (!Arrays.equals(found.toByteArray(), body)) {
                throw new Exception(name + ": " + found.size() + " bytes come back");
            }
        }
        client.logout();
        client.disconnect();
    }
}
