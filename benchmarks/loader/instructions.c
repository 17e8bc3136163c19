/* A plugin of qemu that counts the instructions of a program and prints their number at the end. Its interface is that
 * of qemu-plugin.h, version 1, of which only what is used is declared here. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef uint64_t plugin_id;
struct block;

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*translated)(plugin_id id, struct block *block));
void qemu_plugin_register_vcpu_tb_exec_inline(struct block *block, int operation, void *counter, uint64_t amount);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*end)(plugin_id id, void *data), void *data);
size_t qemu_plugin_tb_n_insns(const struct block *block);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

enum { ADD = 0 };
static uint64_t instructions;

static void translated(plugin_id id, struct block *block) {
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD, &instructions, qemu_plugin_tb_n_insns(block));
}

static void end(plugin_id id, void *data) {
    (void)id, (void)data;
    fprintf(stderr, "%llu instructions\n", (unsigned long long)instructions);
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info, int count,
                                                               char **texts) {
    (void)info, (void)count, (void)texts;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, end, NULL);
    return 0;
}
